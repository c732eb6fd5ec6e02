import { unzlibSync } from "fflate";
import { expect, test } from "vitest";
import { MaskCanvas } from "../src/canvas/mask";
import { deflate, fromScene, toScene } from "../src/document/scene";
import { decode, decodeScene, encode } from "../src/net/codec";
import { Packer } from "../src/net/packer";
import { Outgoing, takePainted } from "../src/net/outgoing";
import { type ClientMessage, type Command, NEW_BRUSH, type Scene, type Welcome } from "../src/wire.gen";
import golden from "./golden.json";

const bytes = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
const [welcome, applied, refused] = golden.down.map((text) => decode(bytes(text).slice().buffer));

test("messages that Python wrote are read", () => {
  expect(welcome).toMatchObject({ kind: "welcome", version: 1, revision: 3, model: { name: "toy", extent: [8, 4] } });
  expect(applied).toEqual({ kind: "applied", seq: 9, revision: 4 });
  expect(refused).toEqual({ kind: "refused", reason: "no", seq: null, revision: 0 });
});

test("the scene of a message becomes a document and goes back unchanged", () => {
  const scene = (welcome as Welcome).scene as Scene;
  const { facts, masks } = fromScene(scene);
  expect(masks.get("a")?.alpha).toEqual(Uint8Array.from({ length: 32 }, (_, index) => 8 * index));
  const back = toScene(facts, masks);
  expect(fromScene(back).masks.get("a")?.alpha).toEqual(masks.get("a")?.alpha);
  expect({ ...back, canvas: null }).toEqual({ ...scene, canvas: null });
});

test("the page writes the maps that Python writes", () => {
  const scene = (welcome as Welcome).scene as Scene;
  const brush = { ...NEW_BRUSH, id: "b", prompt: "moon", color: "#5b8def" };
  const alpha = deflate(new Uint8Array([0, 255]));
  const said: ClientMessage[] = [
    { kind: "hello", version: 1, scene },
    { kind: "edit", seq: 1, command: { kind: "add_brush", brush, index: null } },
    { kind: "edit", seq: 2, command: { kind: "edit_brush", brush_id: "b", prompt: "full moon" } },
    { kind: "edit", seq: 3, command: { kind: "set_background", background: { type: "color", color: "#102030" } } },
    { kind: "edit", seq: 4, command: { kind: "paint_mask", brush_id: "b", x: 1, y: 2, width: 2, height: 1, alpha } },
    { kind: "shown", number: 5 },
  ];
  expect(golden.up.length).toBe(said.length);
  said.forEach((message, index) => {
    expect(plain(decodeScene(encode(message)))).toEqual(plain(decodeScene(bytes(golden.up[index] as string))));
  });
});

/** Deflated bytes differ between zlib builds: compare what they hold. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...unzlibSync(value)];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}

test("only the painted rectangle is sent, once", () => {
  const mask = new MaskCanvas(64, 64);
  const rect = { x: 3, y: 4, width: 2, height: 2 };
  mask.paste(rect, new Uint8Array([1, 2, 3, 4]));
  const [sent, ...others] = takePainted(new Map([["a", mask]]));
  expect(others).toEqual([]);
  expect(sent?.command).toMatchObject({ brush_id: "a", ...rect });
  const [packed] = new Packer().pack([sent?.pixels as Uint8Array<ArrayBuffer>]) as Uint8Array[];
  expect([...unzlibSync(packed as Uint8Array)]).toEqual([1, 2, 3, 4]);
  expect(takePainted(new Map([["a", mask]]))).toEqual([]);
});

test("typing is held and merged, other edits send all that waits", () => {
  const outgoing = new Outgoing();
  const type = (prompt: string): Command => ({ kind: "edit_brush", brush_id: "b", prompt });
  outgoing.add(type("c"), 0);
  outgoing.add(type("ca"), 50);
  expect(outgoing.isDue(100)).toBe(false);
  expect(outgoing.isDue(400)).toBe(true);
  outgoing.add({ kind: "set_seed", seed: 1 }, 60);
  outgoing.add({ kind: "set_seed", seed: 2 }, 61);
  expect(outgoing.isDue(61)).toBe(true);
  expect(outgoing.take()).toEqual([type("ca"), { kind: "set_seed", seed: 2 }]);
});
