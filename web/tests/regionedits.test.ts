import { beforeEach, expect, test, vi } from "vitest";
import { MaskCanvas } from "../src/canvas/mask";
import { type Change, Document, type Facts, type LayerFacts } from "../src/document/document";
import { History } from "../src/document/history";
import { toScene } from "../src/document/scene";
import { Edits } from "../src/edits";
import { frozenOf } from "../src/net/regions";
import { notices } from "../src/notices.svelte";
import { RegionEdits } from "../src/regionedits";
import { settings } from "../src/settings.svelte";
import type { Studio } from "../src/studio.svelte";
import { type Extent, type Frozen, MAX_MESSAGE_BYTES, MAX_PROMPT, MAX_STYLES, NEW_BRUSH, NEW_RECIPE } from "../src/wire.gen";

vi.mock("../src/net/regions");

const SIDE = 16;

function layer(id: string): LayerFacts {
  return { brush: { ...NEW_BRUSH, id, color: "#e69f00" }, visible: true, locked: false, frozen: null, moved_px: [0, 0] };
}

/** A document and its history, without a page and a server. */
class Table {
  readonly hasPicture = true;
  readonly isGreeted = true;
  readonly #document: Document;
  readonly #history: History;
  finishStroke: () => void = () => undefined;

  constructor(extent: Extent = [SIDE, SIDE]) {
    const masks = new Map(["a", "b"].map((id) => [id, new MaskCanvas(...extent)] as const));
    masks.get("b")?.alpha.fill(255, 0, 5);
    const facts: Facts = { extent, layers: ["a", "b"].map(layer), background: { type: "prompt", prompt: "", negative: "" }, recipe: NEW_RECIPE, seed: 0, frame: 0, styles: [] };
    this.#document = new Document(facts, masks);
    this.#history = new History(this.#document);
  }

  get facts() { return this.#document.facts; }
  get masks() { return this.#document.masks; }
  get bytes() { return this.#history.bytes; }
  get newest() { return this.#history.newest; }
  layer(id: string | null) { return this.facts.layers.find(({ brush }) => brush.id === id) ?? null; }
  scene() { return toScene(this.facts, this.masks); }
  sceneShown() { return this.scene(); }
  run(edit: { label: string }, changes: readonly Change[]) { this.finishStroke(); this.#history.run(edit, changes); }
  amend(changes: readonly Change[]) { this.#history.amend(changes); }
  undo() { this.#history.undo(); }
  select() { /* nothing is chosen here */ }
}

function set(extent?: Extent): { table: Table; regions: RegionEdits; edits: Edits } {
  const table = new Table(extent);
  return { table, regions: new RegionEdits(table as unknown as Studio), edits: new Edits(table as unknown as Studio) };
}

function frozen(bytes = 10): Frozen {
  return { x: 0, y: 0, picture: { png: new Uint8Array(bytes) }, mask: { width: 4, height: 4, deflate: new Uint8Array(4) } };
}

/** Answers of the server, to be given when the test says so. */
const answers: ((frozen: Frozen | null) => Promise<void>)[] = [];

beforeEach(() => {
  settings.language = "en";
  answers.length = 0;
  notices.list = [];
  vi.mocked(frozenOf).mockImplementation(() => new Promise((give) => answers.push(async (value) => {
    give(value);
    await new Promise((done) => setTimeout(done));
  })));
});

test("the pixels of an earlier lock come too late: the newest lock keeps its own", async () => {
  const { table, regions, edits } = set();
  regions.setLocked("b", true);
  regions.setLocked("b", false);
  edits.setPrompt("b", "moon");
  regions.setLocked("b", true);
  const [old, wanted] = [frozen(), frozen()];
  await answers[0]?.(old);
  expect(table.layer("b")?.frozen).toBeNull();
  await answers[1]?.(wanted);
  expect(table.layer("b")?.frozen).toBe(wanted);
});

test("pixels of another canvas freeze nothing, though it has the same brushes", async () => {
  const { table, regions } = set();
  regions.setLocked("b", true);
  const other = new Map([...table.masks].map(([id, { alpha }]) => [id, new MaskCanvas(SIDE, SIDE, alpha.slice())] as const));
  table.run({ label: "open" }, [{ kind: "open", facts: table.facts, masks: other }]);
  await answers[0]?.(frozen());
  expect([table.layer("b")?.locked, table.layer("b")?.frozen]).toEqual([true, null]);
});

test("pixels that would make the scene more than a server reads are not kept, in words", async () => {
  const { table, regions } = set();
  regions.setLocked("b", true);
  await answers[0]?.(frozen(0.8 * MAX_MESSAGE_BYTES));
  expect([table.layer("b")?.locked, table.layer("b")?.frozen]).toEqual([true, null]);
  expect(notices.list.at(-1)?.text).toContain("unlock another region first");
});

test("what waits of a stroke belongs to regions that are merged or copied", () => {
  const { table, regions } = set();
  table.finishStroke = () => table.masks.get("b")?.alpha.fill(255, 100, 110);
  regions.duplicate("b");
  const copy = table.facts.layers[2]?.brush.id ?? "";
  expect(table.masks.get(copy)?.alpha[105]).toBe(255);
  table.finishStroke = () => table.masks.get("b")?.alpha.fill(255, 200, 210);
  regions.mergeDown("b");
  expect(table.masks.get("a")?.alpha[205]).toBe(255);
});

test("words, names and styles end where the wire ends, and no letter is cut in two", () => {
  const { table, regions, edits } = set();
  edits.setPrompt("a", "🌙".repeat(MAX_PROMPT + 3));
  edits.setDetails("a", { negative: "n".repeat(MAX_PROMPT + 3) });
  edits.setBackground({ type: "prompt", prompt: "p".repeat(MAX_PROMPT + 3), negative: "" });
  expect(table.layer("a")?.brush.prompt).toBe("🌙".repeat(MAX_PROMPT));
  expect(table.layer("a")?.brush.negative).toHaveLength(MAX_PROMPT);
  expect(table.facts.background).toMatchObject({ prompt: "p".repeat(MAX_PROMPT) });
  const styles = Array.from({ length: MAX_STYLES + 1 }, (_, at) => ({ name: String(at), prompt: "{prompt}", negative: "" }));
  regions.setStyles(styles.slice(1));
  regions.setStyles(styles);
  expect(table.facts.styles).toEqual(styles.slice(1));
  expect(notices.list.at(-1)?.text).toContain(`${MAX_STYLES} styles at most`);
});

test("pixels that a lock has kept count among what undo keeps", async () => {
  const { table, regions } = set();
  regions.setLocked("b", true);
  await answers[0]?.(frozen(5_000));
  const before = table.bytes;
  regions.setLocked("b", false);
  expect(table.bytes - before).toBeGreaterThan(5_000);
});

test("a step is itself until another one is taken", () => {
  const { table, regions, edits } = set();
  regions.setName("a", "castle");
  const step = table.newest;
  edits.setVisible("a", false);
  expect(table.newest).not.toBe(step);
  table.undo();
  expect(table.newest).toBe(step);
});
