import { expect, test } from "vitest";
import { Live } from "../src/live/live.svelte";
import { settings } from "../src/settings.svelte";
import type { Studio } from "../src/studio.svelte";
import type { FrameMessage } from "../src/wire.gen";
import { BLANK_FILM, type Film, filmed, filmOf } from "../src/live/film";
import { speedOf } from "../src/live/flow.svelte";
import { Meter, typical, waited_ms } from "../src/live/meter";
import { shareDone } from "../src/live/renders.svelte";
import { bytesOf, type Snapshot, withAdded } from "../src/live/snapshots";
import type { Progress } from "../src/net/renders";

// ---- the history strip ----
const BOUNDS = { kept: 3, automatic: 2, bytes: 1_000 };
let count = 0;

function snapshot(isKept: boolean, bytes = 10): Snapshot {
  const at_ms = ++count;
  return { id: String(at_ms), isKept, at_ms, label: "", extent: [8, 8], jpeg: new Uint8Array(bytes / 2), scene: new Uint8Array(bytes / 2) };
}

function strip(...added: readonly Snapshot[]): readonly Snapshot[] {
  return added.reduce<readonly Snapshot[]>((list, next) => withAdded(list, next, BOUNDS) ?? list, []);
}

test("what kept itself makes room for newer ones, and what was kept stays", () => {
  const kept = snapshot(true);
  const others = [snapshot(false), snapshot(false), snapshot(false)];
  expect(strip(kept, ...others)).toEqual([others[2], others[1], kept]);
});

test("a full strip refuses to keep another, until one is deleted", () => {
  const full = strip(snapshot(true), snapshot(true), snapshot(true));
  expect(withAdded(full, snapshot(true), BOUNDS)).toBeNull();
  expect(withAdded(full, snapshot(false), BOUNDS)).toHaveLength(4);
  expect(withAdded(full.slice(1), snapshot(true), BOUNDS)).toHaveLength(3);
});

test("bytes are bounded: the oldest that kept themselves go first, then nothing more is kept", () => {
  const list = strip(snapshot(true, 400), snapshot(false, 300), snapshot(false, 300));
  expect(list).toHaveLength(3);
  const next = withAdded(list, snapshot(true, 200), BOUNDS) as readonly Snapshot[];
  expect(next.map(({ isKept }) => isKept)).toEqual([true, false, true]);
  expect(next.reduce((sum, each) => sum + bytesOf(each), 0)).toBeLessThanOrEqual(BOUNDS.bytes);
  expect(withAdded(next, snapshot(true, 700), BOUNDS)).toBeNull();
  expect(withAdded(next, snapshot(false, 700), BOUNDS)).toEqual(next);
});

test("the same picture once more takes the place of itself", () => {
  const first = snapshot(false);
  const list = strip(first, snapshot(false));
  const again = withAdded(list, { ...first, isKept: true }, BOUNDS) as readonly Snapshot[];
  expect(again).toHaveLength(2);
  expect(again.filter(({ isKept }) => isKept)).toHaveLength(1);
});

// ---- the time-lapse ----
const FILM = { frames: 16, bytes: 10_000 };

function film(length: number, bytes = 10): Film {
  let made = BLANK_FILM;
  for (let number = 0; number < length; number++) made = filmed(made, { number, jpeg: new Uint8Array(bytes) }, FILM);
  return made;
}

test.each([2, 16, 17, 100, 5_000])("a film of %i pictures is bounded, even, and has both its ends", (length) => {
  const { frames, every } = film(length);
  expect(frames.length).toBeLessThanOrEqual(FILM.frames);
  expect(frames.length).toBeGreaterThan(Math.min(length, FILM.frames) / 2 - 1);
  expect([frames[0]?.number, frames.at(-1)?.number]).toEqual([0, length - 1]);
  const gaps = frames.slice(1, -1).map(({ number }, index) => number - (frames[index]?.number ?? 0));
  expect(new Set(gaps).size).toBeLessThanOrEqual(1);
  expect(gaps.every((gap) => gap === every)).toBe(true);
});

test("large pictures are thinned by their bytes", () => {
  const { frames } = film(64, 2_000);
  expect(frames.reduce((sum, { jpeg }) => sum + jpeg.byteLength, 0)).toBeLessThanOrEqual(FILM.bytes);
});

test("a film that is read back goes on as it was", () => {
  const made = film(100);
  const again = filmOf(made.frames, FILM);
  expect(again).toEqual(made);
});

// ---- flow, orders, figures ----
test("the speed of a flow rises with the slider, and is the same number in any notation", () => {
  const speeds = [0, 0.25, 0.5, 0.75, 1].map(speedOf);
  expect(speeds).toEqual(speeds.toSorted((a, b) => a - b));
  expect(speeds.every((speed) => speed > 0 && speed <= 0.5 && Number.isInteger(256 * speed))).toBe(true);
});

test("the progress of an order counts finished pictures and steps of the one in hand", () => {
  const progress: Progress = { id: "x", state: "painting", reason: "", extent: [8, 8], pictures: 4, finished: 1, step: 5, num_steps: 10 };
  expect(shareDone(progress)).toBe(0.375);
  expect(shareDone({ ...progress, finished: 4, step: 10 })).toBe(1);
  expect(shareDone({ ...progress, state: "done" })).toBe(1);
});

test("figures: pictures a second, the typical stroke, and time that went to others", () => {
  const meter = new Meter();
  for (let at = 0; at < 10_000; at += 500) meter.shown(at);
  expect(meter.rate(9_500)).toBe(2);
  expect(meter.rate(60_000)).toBe(0);
  const records = [300, 100, 900].map((preview_ms, seq) => ({ seq, preview_ms, settled_ms: 2 * preview_ms }));
  expect([typical(records, "preview_ms"), typical(records, "settled_ms"), typical([], "preview_ms")]).toEqual([300, 600, null]);
  expect(waited_ms({ compile_ms: 1, denoise_ms: 2, decode_ms: 3, total_ms: 10, rows: 0 })).toBe(4);
});

// ---- a page that pauses by itself ----
test("a canvas on which pictures take too long pauses with its reason, until the painter goes on", () => {
  settings.language = "en";
  const timings = { compile_ms: 0, denoise_ms: 60_000, decode_ms: 0, total_ms: 60_000, rows: 8 };
  const frame = { kind: "frame", settled: true, extent: [2048, 2048], timings } as unknown as FrameMessage;
  const studio = { isLive: true, frame, setLive: (live: boolean) => void (studio.isLive = live) };
  const live = new Live(studio as unknown as Studio);
  live.shown({ ...frame, timings: { ...timings, total_ms: 2_000 } });
  expect(studio.isLive).toBe(true);
  live.shown(frame);
  expect(studio.isLive).toBe(false);
  expect(live.paused).toContain("2048 × 2048 px takes 60 s");
  live.goOn();
  studio.isLive = true;
  live.shown(frame);
  expect([studio.isLive, live.paused]).toEqual([true, null]);
});
