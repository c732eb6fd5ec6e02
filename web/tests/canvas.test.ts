import { expect, test } from "vitest";
import { MaskCanvas } from "../src/canvas/mask";
import { blend } from "../src/canvas/overlay";
import { PATTERNS, patternNameOf, patternOf } from "../src/canvas/patterns";
import { DirtyRects, intersect, type Rect, union } from "../src/canvas/rect";
import { type Sample, stamp, sweptRect, type Tip } from "../src/canvas/stamp";
import { angleInDocument, fit, mirrored, resting, toDocument, toScreen, turned, UPRIGHT, type View, zoomed } from "../src/canvas/view";
import { Work } from "../src/canvas/work";
import { COLORS } from "../src/document/colors";
import { PLAIN_TIP } from "./desk";
import { Chance } from "./random";

const HARD: Tip = { ...PLAIN_TIP, size_px: 20 };
const at = (x: number, y: number, pressure = 1): Sample => ({ x, y, pressure });
const value = (mask: MaskCanvas, x: number, y: number) => mask.alpha[y * mask.width + x];

test("a dab is a disc of the tip's size", () => {
  const mask = new MaskCanvas(64, 64);
  stamp(mask, HARD, at(32, 32), at(32, 32));
  const area = mask.alpha.reduce((sum, alpha) => sum + alpha / 255, 0);
  expect(area).toBeCloseTo(Math.PI * 100, -1);
  expect(value(mask, 32, 32)).toBe(255);
  expect(value(mask, 32, 44)).toBe(0);
});

test("a soft tip falls from full to nothing and a repeated stroke does not harden it", () => {
  const mask = new MaskCanvas(64, 64);
  const soft = { ...HARD, size_px: 40, softness: 1 };
  stamp(mask, soft, at(32, 32), at(32, 32));
  const row = [...mask.alpha.subarray(32 * 64 + 32, 33 * 64)];
  expect(row).toEqual(row.toSorted((a, b) => b - a));
  const once = mask.alpha.slice();
  stamp(mask, soft, at(32, 32), at(32, 32));
  expect(mask.alpha).toEqual(once);
});

test("pressure widens the stroke from one end to the other", () => {
  const mask = new MaskCanvas(100, 64);
  stamp(mask, HARD, at(15, 32, 0.1), at(85, 32, 1));
  const width = (x: number) => Array.from({ length: 64 }, (_, y) => value(mask, x, y) as number).filter((alpha) => alpha > 127).length;
  expect(width(20)).toBeLessThan(width(50));
  expect(width(50)).toBeLessThan(width(80));
});

test("the eraser takes away what the brush painted", () => {
  const mask = new MaskCanvas(64, 64);
  stamp(mask, HARD, at(10, 32), at(50, 32));
  stamp(mask, { ...HARD, size_px: 30, erases: true }, at(5, 32), at(60, 32));
  expect(mask.isBlank).toBe(true);
});

test("a piece changes nothing outside of the rectangle that it reports", () => {
  const chance = new Chance(3);
  for (let count = 0; count < 50; count++) {
    const mask = new MaskCanvas(90, 70);
    const point = () => at(chance.number() * 150 - 30, chance.number() * 130 - 30, chance.number());
    const rect = stamp(mask, { ...HARD, size_px: 1 + chance.below(60), softness: chance.number() }, point(), point());
    const outside = [...mask.alpha].some((alpha, index) => {
      const inside = rect && intersect(rect, { x: index % 90, y: Math.floor(index / 90), width: 1, height: 1 });
      return alpha > 0 && !inside;
    });
    expect(outside).toBe(false);
  }
});

test("strokes outside of the canvas change nothing and report nothing", () => {
  const mask = new MaskCanvas(64, 64);
  expect(sweptRect(mask, HARD, at(-40, -40), at(-30, -35))).toBeNull();
  expect(stamp(mask, HARD, at(200, 10), at(210, 10))).toBeNull();
  expect(mask.unsent.isEmpty).toBe(true);
});

test("a cancelled stroke leaves every byte as it was, and an empty one leaves no step", () => {
  const mask = new MaskCanvas(130, 70);
  stamp(mask, HARD, at(60, 30), at(70, 40));
  const before = mask.alpha.slice();
  const work = new Work(new Map([["a", mask]]));
  work.stamp({ ...HARD, erases: true }, at(50, 30), at(129, 69));
  work.restore();
  expect(mask.alpha).toEqual(before);
  work.stamp(HARD, at(65, 35));
  expect(work.finish()).toEqual([]);
});

test("an undo step keeps only the tiles that changed", () => {
  const mask = new MaskCanvas(200, 200);
  const work = new Work(new Map([["a", mask]]));
  work.stamp(HARD, at(20, 20));
  const [painted] = work.finish();
  expect([...(painted?.before.keys() ?? [])]).toEqual([0]);
});

test("the upper ink covers the lower, and both stay where nothing lies above", () => {
  const [lower, upper] = [new MaskCanvas(2, 1, new Uint8Array([255, 255])), new MaskCanvas(2, 1, new Uint8Array([0, 255]))];
  const pixels = blend([{ mask: lower, color: "#ff0000" }, { mask: upper, color: "#0000ff" }], lower.bounds);
  expect([...pixels]).toEqual([255, 0, 0, 255, 0, 0, 255, 255]);
});

test("rectangles unite and meet", () => {
  const [a, b] = [{ x: 0, y: 0, width: 4, height: 4 }, { x: 2, y: 3, width: 10, height: 2 }];
  expect(union(a, b)).toEqual({ x: 0, y: 0, width: 12, height: 5 });
  expect(intersect(a, b)).toEqual({ x: 2, y: 3, width: 2, height: 1 });
  expect(intersect(a, { x: 4, y: 0, width: 1, height: 1 })).toBeNull();
});

test("turning and mirroring keep what lies under the place, and there is a way back from every view", () => {
  const chance = new Chance(4);
  const place = { x: 300, y: 200 };
  for (let round = 0; round < 50; round++) {
    let view: View = { scale: 0.1 + chance.number() * 4, x: chance.number() * 300, y: chance.number() * 300, angle: chance.number() * 6, isMirrored: chance.number() < 0.5 };
    const under = toDocument(view, place);
    view = turned(view, chance.number() * 6 - 3, place);
    expect(toDocument(view, place)).toMatchObject({ x: expect.closeTo(under.x) as number, y: expect.closeTo(under.y) as number });
    const [from, far] = [toDocument(view, place), toDocument(view, { x: place.x + 7, y: place.y + 11 })];
    const other = mirrored(view, place);
    expect(toDocument(other, place)).toMatchObject({ x: expect.closeTo(from.x) as number, y: expect.closeTo(from.y) as number });
    expect(toScreen(other, far).x).toBeCloseTo(place.x - 7);
    expect(toScreen(other, far).y).toBeCloseTo(place.y + 11);
    const direction = angleInDocument(other, 0.7);
    const along = toScreen(other, { x: from.x + Math.cos(direction), y: from.y + Math.sin(direction) });
    expect(Math.atan2(along.y - place.y, along.x - place.x)).toBeCloseTo(0.7);
  }
  expect([resting(0.03), resting(Math.PI / 2 - 0.02), resting(0.3)]).toEqual([0, Math.PI / 2, 0.3]);
});

test("a turned document is fitted by its corners", () => {
  const view = fit({ width: 200, height: 100 }, { width: 300, height: 400 }, { top: 0, right: 0, bottom: 0, left: 0 }, { ...UPRIGHT, angle: Math.PI / 2 });
  expect(view.scale).toBeCloseTo(2);
  const corners = [{ x: 0, y: 0 }, { x: 200, y: 100 }].map((corner) => toScreen(view, corner));
  expect(corners).toEqual([{ x: expect.closeTo(250) as number, y: expect.closeTo(0) as number }, { x: expect.closeTo(50) as number, y: expect.closeTo(400) as number }]);
});

test("what changed far apart is not joined by all between, and there are never more than so many rectangles", () => {
  const chance = new Chance(6);
  const dirty = new DirtyRects(4);
  dirty.add({ x: 0, y: 0, width: 10, height: 10 });
  dirty.add({ x: 5, y: 0, width: 10, height: 10 });
  dirty.add({ x: 500, y: 500, width: 10, height: 10 });
  expect(dirty.take()).toEqual([{ x: 0, y: 0, width: 15, height: 10 }, { x: 500, y: 500, width: 10, height: 10 }]);
  expect(dirty.isEmpty).toBe(true);
  const added = Array.from({ length: 60 }, () => ({ x: chance.below(900), y: chance.below(900), width: 1 + chance.below(80), height: 1 + chance.below(80) }));
  added.forEach((rect) => dirty.add(rect));
  const taken = dirty.take();
  expect(taken.length).toBeLessThanOrEqual(4);
  for (const rect of added) expect(taken.some((all) => union(all, rect)?.width === all.width && union(all, rect)?.height === all.height)).toBe(true);
});

test("patterns differ, whatever the colour, and thin the ink between their marks", () => {
  const mask = new MaskCanvas(64, 64);
  mask.alpha.fill(255);
  const shares = PATTERNS.map((name) => {
    const pixels = blend([{ mask, color: "#ff0000", pattern: patternOf(name, 16) }], mask.bounds);
    return [...pixels].filter((_, index) => index % 4 === 3).map((alpha) => (alpha === 255 ? "1" : "0")).join("");
  });
  expect(new Set(shares).size).toBe(PATTERNS.length);
  expect(new Set(COLORS.map((color) => patternNameOf(color, COLORS))).size).toBe(COLORS.length);
});

test("the rectangle of what is painted is the smallest, and follows every change", () => {
  const chance = new Chance(8);
  for (let round = 0; round < 60; round++) {
    const mask = new MaskCanvas(1 + chance.below(40), 1 + chance.below(40));
    expect(mask.paintedRect).toBeNull();
    const points = Array.from({ length: 1 + chance.below(3) }, () => ({ x: chance.below(mask.width), y: chance.below(mask.height), width: 1, height: 1 }));
    for (const point of points) mask.paste(point, Uint8Array.of(1 + chance.below(255)));
    expect(mask.paintedRect).toEqual(points.reduce<Rect | null>((all, point) => union(all, point), null));
  }
});

test("zooming keeps what lies under the cursor, fitting centres the canvas between the panels", () => {
  const view = fit({ width: 256, height: 256 }, { width: 1000, height: 600 }, { top: 50, right: 300, bottom: 50, left: 60 });
  expect(view).toEqual({ ...UPRIGHT, scale: 500 / 256, x: 60 + (640 - 500) / 2, y: 50 });
  const cursor = { x: 321, y: 123 };
  const under = toDocument(view, cursor);
  const after = toDocument(zoomed(view, 3.7, cursor), cursor);
  expect(after.x).toBeCloseTo(under.x);
  expect(after.y).toBeCloseTo(under.y);
});
