import { expect, test } from "vitest";
import { MaskCanvas } from "../src/canvas/mask";
import { pack, unpack } from "../src/canvas/pack";
import { copiesOf, SYMMETRIES } from "../src/canvas/symmetry";
import { Work } from "../src/canvas/work";
import { type Change, Document, type Facts, mostBrushes } from "../src/document/document";
import { History, MAX_HISTORY_BYTES } from "../src/document/history";
import { deflate, fromScene, toScene } from "../src/document/scene";
import { decode, encode } from "../src/net/codec";
import { type Brush, type Frozen, MAX_BRUSHES, MAX_MASKS_PX, type Scene, type Welcome } from "../src/wire.gen";
import { kitOf } from "../src/tools/kit";
import { TOOLS } from "../src/tools/tool";
import golden from "./golden.json";
import { Desk, PLAIN_TIP, wander } from "./desk";
import { Chance } from "./random";

const SIDE = 100;
const FROZEN: Frozen = {
  x: 1, y: 2, picture: { png: Uint8Array.of(1, 2, 3) }, mask: { width: 2, height: 2, deflate: deflate(Uint8Array.of(255, 0, 0, 255)) },
};
const GREETING = decode(Uint8Array.from(atob(golden.down[0] as string), (char) => char.charCodeAt(0)).buffer) as Welcome;
const RECIPE = (GREETING.scene as Scene).recipe;

function brush(id: string): Brush {
  return { id, prompt: id, negative: "", name: "", color: "#e69f00", strength: 1, prompt_strength: 1, softness_px: 8, seed: null, acts_from: 0, acts_until: 1 };
}

function blank(): Document {
  const facts: Facts = {
    extent: [SIDE, SIDE],
    layers: ["castle", "moon"].map((id) => ({ brush: brush(id), visible: true, locked: false, frozen: null, moved_px: [0, 0] as const })),
    background: { type: "prompt", prompt: "night sky", negative: "" },
    recipe: RECIPE,
    seed: 7,
    frame: 0,
    styles: [],
  };
  return new Document(facts, new Map(facts.layers.map(({ brush: { id } }) => [id, new MaskCanvas(SIDE, SIDE)])));
}

function bytesOf(document: Document): Uint8Array {
  return encode(toScene(document.facts, document.masks));
}

function stroke(document: Document, history: History, chance: Chance): void {
  const tip = { ...PLAIN_TIP, size_px: 1 + chance.below(40), softness: chance.number(), erases: chance.number() < 0.3 };
  const work = new Work(new Map([chance.of([...document.masks])]));
  const point = () => ({ x: chance.number() * 140 - 20, y: chance.number() * 140 - 20, pressure: chance.number() });
  for (let count = 1 + chance.below(4); count > 0; count--) work.stamp(tip, point(), point());
  const changes = work.finish().map(({ brush_id, before }): Change => ({ kind: "swap_tiles", brush_id, tiles: before }));
  if (changes.length > 0) history.record({ label: "stroke" }, changes);
}

/** Any tool, finished or taken back in the middle. */
function draw(document: Document, history: History, chance: Chance): void {
  const [brush_id, mask] = chance.of([...document.masks]);
  const desk = new Desk(mask);
  desk.touches = { ...PLAIN_TIP, size_px: 1 + chance.below(40), softness: chance.number(), opacity: chance.number(), erases: chance.number() < 0.3 };
  desk.copies = copiesOf({ kind: chance.of(SYMMETRIES), count: 3 }, { x: SIDE / 2, y: SIDE / 2 });
  const name = chance.of(TOOLS);
  const tool = kitOf(desk)[name];
  const point = () => ({ x: chance.number() * 140 - 20, y: chance.number() * 140 - 20, pressure: chance.number() });
  wander(tool, name, chance, point, { shift: chance.number() < 0.3, alt: chance.number() < 0.3, erases: false });
  if (chance.number() < 0.2) tool.cancel();
  tool.end();
  tool.finish();
  for (const { label, painted } of desk.steps) {
    const changes = painted.map(({ before }): Change => ({ kind: "swap_tiles", brush_id, tiles: before }));
    if (changes.length > 0) history.record({ label }, changes);
  }
}

/** One edit of any kind; merges with the one before where keys are equal. */
function edit(document: Document, history: History, chance: Chance, count: number): void {
  const ids = document.facts.layers.map((layer) => layer.brush.id);
  const id = ids.length > 0 ? chance.of(ids) : null;
  const make: (() => Change | null)[] = [
    () => ({ kind: "insert_layer", layer: { brush: brush(`b${count}`), visible: chance.number() < 0.5, locked: false, frozen: null, moved_px: [0, 0] }, mask: new MaskCanvas(SIDE, SIDE), index: chance.below(ids.length + 1) }),
    () => (id === null ? null : { kind: "remove_brush", brush_id: id }),
    () => (id === null ? null : { kind: "edit_brush", brush_id: id, prompt: `p${count}`, ...(chance.number() < 0.5 ? { seed: count } : {}) }),
    () => (id === null ? null : { kind: "edit_brush", brush_id: id, color: "#123456" }),
    () => (id === null ? null : { kind: "edit_layer", brush_id: id, visible: chance.number() < 0.5, locked: chance.number() < 0.5 }),
    () => (id === null ? null : { kind: "edit_layer", brush_id: id, locked: true, frozen: FROZEN }),
    () => (id === null ? null : { kind: "edit_layer", brush_id: id, moved_px: [chance.below(64) - 32, chance.below(64) - 32] }),
    () => ({ kind: "set_styles", styles: [{ name: `s${count}`, prompt: "{prompt}, ink", negative: "" }] }),
    () => ({ kind: "set_frame", frame: chance.number() }),
    () => (id === null ? null : { kind: "move_layer", brush_id: id, index: chance.below(ids.length) }),
    () => ({ kind: "set_background", background: chance.of([{ type: "color", color: "#ffffff" }, { type: "prompt", prompt: `q${count}`, negative: "" }] as const) }),
    () => ({ kind: "set_seed", seed: chance.below(1000) }),
    () => ({ kind: "open", ...fromScene(toScene(document.facts, document.masks)) }),
  ];
  if (id && chance.number() < 0.5) return draw(document, history, chance);
  const change = chance.of(make)();
  const merges = change?.kind === "set_seed" || (change?.kind === "edit_brush" && change.color !== undefined);
  if (change) history.run({ label: change.kind, ...(merges ? { mergeKey: JSON.stringify([change.kind, id]) } : {}) }, [change]);
}

test("any sequence of edits, all undone, is the start; all redone, it is the end", () => {
  for (let seed = 0; seed < 40; seed++) {
    const [document, chance] = [blank(), new Chance(seed)];
    const history = new History(document, () => 0);
    const start = bytesOf(document);
    for (let count = 0; count < 40; count++) edit(document, history, chance, count);
    const end = bytesOf(document);

    while (history.undo());
    expect(bytesOf(document), `seed ${seed}, undone`).toEqual(start);
    while (history.redo());
    expect(bytesOf(document), `seed ${seed}, redone`).toEqual(end);
  }
});

test("packed bytes are unpacked to what they were, and flat ones are small", () => {
  const chance = new Chance(2);
  for (let round = 0; round < 300; round++) {
    const bytes = new Uint8Array(chance.below(600));
    for (let at = 0; at < bytes.length; ) {
      const length = 1 + chance.below(chance.number() < 0.5 ? 4 : 300);
      bytes.fill(chance.below(256), at, at + length);
      at += length;
    }
    expect(unpack(pack(bytes))).toEqual(bytes);
  }
  expect(pack(new Uint8Array(4096)).length).toBe(64);
});

test("ten thousand strokes take no more room than the last five hundred, and those can be undone", () => {
  const [document, chance] = [blank(), new Chance(9)];
  const history = new History(document);
  const kept: number[] = [];
  for (let count = 0; count < 10_000; count++) {
    stroke(document, history, chance);
    if (count % 500 === 499) kept.push(history.bytes);
  }
  expect(Math.max(...kept)).toBeLessThan(1.3 * (kept[0] as number));
  expect(Math.max(...kept)).toBeLessThan(500 * 12 * 1024);
  let steps = 0;
  while (history.undo()) steps++;
  expect(steps).toBe(500);
  expect(history.bytes).toBeLessThan(1.3 * (kept[0] as number));
});

test("steps back and forth never keep more than the bound, but for one step", () => {
  const document = blank();
  const history = new History(document);
  for (let count = 0; count < 40; count++) {
    history.run({ label: "p" }, [{ kind: "set_background", background: { type: "image", picture: { png: new Uint8Array(9 * 2 ** 20) }, prompt: "", negative: "" } }]);
    expect(history.bytes).toBeLessThanOrEqual(MAX_HISTORY_BYTES);
  }
  for (let count = 0; count < 40; count++) {
    history.undo();
    expect(history.bytes).toBeLessThanOrEqual(MAX_HISTORY_BYTES);
  }
});

test("letters typed in quick succession are one step, slower ones are two", () => {
  const document = blank();
  let now = 0;
  const history = new History(document, () => now);
  const type = (prompt: string) => history.run({ label: "prompt", mergeKey: "castle" }, [{ kind: "edit_brush", brush_id: "castle", prompt }]);
  type("r");
  type("ro");
  now = 10_000;
  type("rocket");
  history.undo();
  expect(document.facts.layers[0]?.brush.prompt).toBe("ro");
  history.undo();
  expect(document.facts.layers[0]?.brush.prompt).toBe("castle");
  expect(history.undo()).toBeNull();
});

test("a new edit forgets what was undone", () => {
  const document = blank();
  const history = new History(document);
  history.run({ label: "a" }, [{ kind: "set_seed", seed: 1 }]);
  history.undo();
  history.run({ label: "b" }, [{ kind: "set_seed", seed: 2 }]);
  expect(history.redo()).toBeNull();
});

test("removing a painted brush tells the server, and undo tells it to add and to paint it again", () => {
  const document = blank();
  const history = new History(document);
  const mask = document.mask("castle");
  new Work(new Map([["castle", mask]])).stamp({ ...PLAIN_TIP, size_px: 10 }, { x: 50, y: 50, pressure: 1 });
  mask.unsent.take();
  const kinds = (commands: readonly { kind: string }[] | null) => commands?.map((command) => command.kind);
  expect(kinds(history.run({ label: "remove" }, [{ kind: "remove_brush", brush_id: "castle" }]))).toEqual(["remove_brush"]);
  expect(kinds(history.undo())).toEqual(["add_brush"]);
  expect(document.mask("castle").unsent.take()).toEqual([mask.bounds]);
});

test("pixels that come after the lock belong to it: undone together, and back together", () => {
  const document = blank();
  const history = new History(document);
  const start = bytesOf(document);
  history.run({ label: "lock" }, [{ kind: "edit_layer", brush_id: "moon", locked: true, frozen: null }]);
  expect(history.amend([{ kind: "edit_layer", brush_id: "moon", frozen: FROZEN }])).toHaveLength(1);
  const kept = bytesOf(document);
  history.undo();
  expect(bytesOf(document)).toEqual(start);
  expect(history.undo()).toBeNull();
  history.redo();
  expect(bytesOf(document)).toEqual(kept);
});

test("pictures behind take room in the history, each once, and old steps make way", () => {
  const history = new History(blank());
  const put = (png: Uint8Array, prompt: string) =>
    history.run({ label: prompt }, [{ kind: "set_background", background: { type: "image", picture: { png }, prompt, negative: "" } }]);
  const steps = () => {
    let count = 0;
    while (history.undo()) count++;
    while (history.redo());
    return count;
  };
  const shared = new Uint8Array(20 * 2 ** 20);
  for (let count = 0; count < 30; count++) put(shared, `words ${count}`);
  expect(steps()).toBe(30);
  for (let count = 0; count < 15; count++) put(new Uint8Array(20 * 2 ** 20), `picture ${count}`);
  expect(steps()).toBeLessThan(12);
});

test("a large canvas holds fewer brushes", () => {
  expect(mostBrushes({ extent: [512, 512], layers: [] })).toBe(MAX_BRUSHES);
  expect(mostBrushes({ extent: [4096, 2048], layers: [] })).toBe(Math.floor(MAX_MASKS_PX / (4096 * 2048)));
});
