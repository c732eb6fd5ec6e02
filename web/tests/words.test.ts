import { expect, test } from "vitest";
import { nextColor } from "../src/document/colors";
import { suggestions } from "../src/document/concepts";
import { chordOf } from "../src/keys";
import { Latency } from "../src/net/latency";
import { settings } from "../src/settings.svelte";
import { type Condition, isPictureComing, statusLine } from "../src/status";

settings.language = "en";

const CONCEPTS = [
  { name: "castle", synonyms: ["fort"] },
  { name: "full moon", synonyms: [] },
  { name: "cat", synonyms: ["kitty"] },
];
const prompts = (typed: string) => suggestions(typed, CONCEPTS).map((offer) => offer.prompt);

test("the last words are completed, by name or synonym, whatever stands before them", () => {
  expect(prompts("ca")).toEqual(["castle", "cat"]);
  expect(prompts("red ca")).toEqual(["red castle", "red cat"]);
  expect(prompts("kit")).toEqual(["cat"]);
  expect(prompts("a full m")).toEqual(["a full moon"]);
  expect(prompts("moo")).toEqual(["full moon"]);
});

test("a whole word offers nothing more and an empty field offers the first words", () => {
  expect(prompts("castle")).toEqual([]);
  expect(prompts("")).toEqual(["castle", "full moon", "cat"]);
  expect(prompts("zebra")).toEqual([]);
});

test("a new brush has a colour of its own while there are any", () => {
  const colors: string[] = [];
  for (let count = 0; count < 10; count++) colors.push(nextColor(colors));
  expect(new Set(colors).size).toBe(10);
  expect(colors).toContain(nextColor(colors));
});

const KEY = { key: "", code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

test.each([
  [{ key: "z", code: "KeyY", ctrlKey: true }, "Ctrl+Z"],
  [{ key: "Z", code: "KeyZ", metaKey: true, shiftKey: true }, "Ctrl+Shift+Z"],
  [{ key: "ü", code: "BracketLeft" }, "["],
  [{ key: "{", code: "BracketLeft", shiftKey: true }, "Shift+["],
  [{ key: "&", code: "Digit1" }, "1"],
  [{ key: "!", code: "Digit1", shiftKey: true }, "Shift+1"],
  [{ key: "?", code: "Slash", shiftKey: true }, "?"],
  [{ key: " ", code: "Space" }, "Space"],
  [{ key: "ArrowUp", code: "ArrowUp", altKey: true }, "Alt+ArrowUp"],
  [{ key: "+", code: "Equal", ctrlKey: true, shiftKey: true }, "Ctrl++"],
])("letters follow the layout, digits and brackets their place: %o is %s", (event, chord) => {
  expect(chordOf({ ...KEY, ...event })).toBe(chord);
});

const QUICK = { compile_ms: 1, denoise_ms: 600, decode_ms: 2, total_ms: 610, rows: 8 };
const CALM: Condition = {
  link: { state: "open" }, isGreeted: true, outOfStep: null, engine: { state: "live", reason: "" }, isLive: true, isCurrent: true,
  paused: null, isHidden: false, isFlowing: false, frame: { step: 4, num_steps: 4, settled: true, timings: QUICK },
};

test.each<[Partial<Condition>, string, boolean]>([
  [{}, "live", true],
  [{ isCurrent: false }, "rendering", true],
  [{ isCurrent: false, frame: { step: 1, num_steps: 4, settled: false, timings: QUICK } }, "rendering 1/4", true],
  [{ isCurrent: false, frame: { step: 1, num_steps: 4, settled: false, timings: { ...QUICK, total_ms: 2_000 } } }, "rendering 1/4 (others are painting, too)", true],
  [{ isLive: false }, "paused (live is off)", false],
  [{ isLive: false, paused: "a picture takes 60 s" }, "paused (a picture takes 60 s)", false],
  [{ isHidden: true }, "paused (this tab is not seen)", false],
  [{ isFlowing: true }, "flowing", true],
  [{ isFlowing: true, engine: { state: "paused", reason: "nobody has touched it" } }, "paused (the flow rests, touch it to go on)", false],
  [{ engine: { state: "paused", reason: "the queue is full" } }, "paused (the queue is full)", false],
  [{ engine: { state: "failed", reason: "out of memory" } }, "stopped (out of memory)", false],
  [{ engine: { state: "loading", reason: "" } }, "loading the model", true],
  [{ engine: { state: "loading", reason: "loading dreams …" } }, "loading dreams …", true],
  [{ outOfStep: "too large" }, "out of step (too large)", false],
  [{ link: { state: "waiting", retryAt_ms: 0 }, isGreeted: false }, "offline (reconnecting)", false],
  [{ link: { state: "refused", reason: "too large" }, isGreeted: false }, "not connected", false],
  [{ isGreeted: false }, "connecting", true],
])("the status line says what is: %o", (change, text, isComing) => {
  expect(statusLine({ ...CALM, ...change }).text).toBe(text);
  expect(isPictureComing({ ...CALM, ...change })).toBe(isComing);
});

test("latency counts from the stroke's end to the first and to the settled picture of its revision", () => {
  const latency = new Latency();
  latency.begin(3, 1000);
  latency.shown(6, true, 1010);
  latency.applied(3, 7);
  latency.shown(7, false, 1100);
  latency.applied(4, 8);
  latency.shown(8, true, 1400);
  expect(latency.records).toEqual([{ seq: 3, preview_ms: 100, settled_ms: 400 }]);
});

test("a picture that was there before the pen was lifted counts as at once", () => {
  const latency = new Latency();
  latency.applied(3, 7);
  latency.shown(7, true, 900);
  latency.begin(3, 1000);
  expect(latency.records).toEqual([{ seq: 3, preview_ms: 0, settled_ms: 0 }]);
});
