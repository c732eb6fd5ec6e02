import { expect, test } from "vitest";
import { MaskCanvas } from "../src/canvas/mask";
import type { Facts } from "../src/document/document";
import { placement, resized } from "../src/document/resize";
import { NEW_BRUSH, NEW_RECIPE } from "../src/wire.gen";

const FROZEN = { x: 0, y: 0, picture: { png: new Uint8Array(1) }, mask: { width: 1, height: 1, deflate: new Uint8Array(1) } };

function painted(width: number, height: number, is: (x: number, y: number) => boolean): MaskCanvas {
  const mask = new MaskCanvas(width, height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) mask.alpha[y * width + x] = is(x, y) ? 255 : 0;
  return mask;
}

function documentOf(mask: MaskCanvas) {
  const layer = { brush: { ...NEW_BRUSH, id: "a" }, visible: true, locked: true, frozen: FROZEN };
  const facts = { extent: [mask.width, mask.height], layers: [layer], background: { type: "color", color: "#000000" }, recipe: NEW_RECIPE, seed: 3, frame: 0, styles: [] };
  return { facts: facts as unknown as Facts, masks: new Map([["a", mask]]) };
}

test.each([
  ["fill", { a: 2, e: 0, f: -20 }],
  ["fit", { a: 1, e: 40, f: 0 }],
  ["keep", { a: 1, e: 40, f: 0 }],
] as const)("%s puts the old canvas on the middle of the new one", (mode, expected) => {
  expect(placement([80, 40], [160, 40], mode)).toMatchObject(expected);
});

test("a canvas twice as large holds what was painted twice as large, and the document's other facts", () => {
  const { facts, masks } = documentOf(painted(64, 32, (x, y) => x < 32 && y < 16));
  const after = resized(facts, masks, [128, 64], "fill");
  const mask = after.masks.get("a") as MaskCanvas;
  expect([mask.width, mask.height]).toEqual([128, 64]);
  const at = (x: number, y: number) => mask.alpha[y * 128 + x];
  expect([at(10, 10), at(61, 29), at(66, 10), at(10, 34)]).toEqual([255, 255, 0, 0]);
  expect(after.facts).toMatchObject({ seed: 3, extent: [128, 64] });
  expect(after.facts.layers[0]).toMatchObject({ locked: true, frozen: null });
});

test("what keeps its size is moved to the byte, and cut where it no longer fits", () => {
  const { facts, masks } = documentOf(painted(64, 32, (x, y) => (x + y) % 3 === 0));
  const wide = resized(facts, masks, [96, 32], "keep").masks.get("a") as MaskCanvas;
  for (const [x, y] of [[0, 0], [63, 31], [10, 5]] as const) {
    expect(wide.alpha[y * 96 + x + 16]).toBe(masks.get("a")?.alpha[y * 64 + x]);
  }
  const small = resized(facts, masks, [32, 16], "keep").masks.get("a") as MaskCanvas;
  expect(small.alpha[0]).toBe(masks.get("a")?.alpha[8 * 64 + 16]);
});

test("there and back again gives a painted block back", () => {
  const { facts, masks } = documentOf(painted(64, 64, (x, y) => x >= 16 && x < 48 && y >= 16 && y < 48));
  const there = resized(facts, masks, [128, 128], "fit");
  const back = resized(there.facts, there.masks, [64, 64], "fit").masks.get("a") as MaskCanvas;
  const before = masks.get("a") as MaskCanvas;
  const worst = back.alpha.reduce((most, value, index) => Math.max(most, Math.abs(value - (before.alpha[index] as number))), 0);
  expect(worst).toBeLessThanOrEqual(64);
});
