import { beforeEach, expect, test, vi } from "vitest";
import { flood } from "../src/canvas/flood";
import { grown, inverted, tilesTowards } from "../src/canvas/morph";
import { type Sample, stamp, type Tip } from "../src/canvas/stamp";
import { copiesOf } from "../src/canvas/symmetry";
import type { Point } from "../src/canvas/view";
import { sameBytes } from "../src/canvas/work";
import { type Kit, kitOf } from "../src/tools/kit";
import { Pace } from "../src/tools/pace";
import { figureOf, Steady, straightened } from "../src/tools/path";
import { type Held, type ToolName, TOOLS } from "../src/tools/tool";
import { Desk, PLAIN_TIP, show, SIDE, wander } from "./desk";
import { Chance } from "./random";

const at = (x: number, y: number, pressure = 1): Sample => ({ x, y, pressure });
const NOTHING: Held = { shift: false, alt: false, erases: false };
const SHIFT: Held = { ...NOTHING, shift: true };
const ALT: Held = { ...NOTHING, alt: true };

let desk: Desk;
let kit: Kit;

beforeEach(() => {
  desk = new Desk();
  kit = kitOf(desk);
});

/** Pen down at the first point, along the others, and up. */
function drag(name: ToolName, points: readonly Sample[], held: Held = NOTHING): void {
  const tool = kit[name];
  points.forEach((point, index) => (index === 0 ? tool.begin(point, held) : tool.move(point, held)));
  show(tool);
  tool.end();
}

test("shapes fill exactly what they enclose", () => {
  drag("rectangle", [at(10, 20), at(50, 40)]);
  expect(desk.area).toBe(40 * 20);
  drag("ellipse", [at(60, 60), at(100, 80)]);
  expect(desk.area - 800).toBeCloseTo(Math.PI * 20 * 10, -1);
  expect(desk.value(80, 70)).toBe(255);
  expect(desk.value(61, 61)).toBe(0);
});

test("Shift makes a square, Alt draws from the middle, and both together both", () => {
  drag("rectangle", [at(10, 10), at(40, 22)], SHIFT);
  expect(desk.mask.paintedRect).toEqual({ x: 10, y: 10, width: 30, height: 30 });
  desk.clear();
  drag("rectangle", [at(60, 60), at(70, 80)], ALT);
  expect(desk.mask.paintedRect).toEqual({ x: 50, y: 40, width: 20, height: 40 });
  desk.clear();
  drag("ellipse", [at(60, 60), at(70, 80)], { ...SHIFT, alt: true });
  expect(desk.mask.paintedRect).toEqual({ x: 40, y: 40, width: 40, height: 40 });
});

test("a shape in the making follows the pen and leaves no trace of where it was", () => {
  drag("rectangle", [at(10, 10), at(110, 110), at(20, 20)]);
  expect(desk.mask.paintedRect).toEqual({ x: 10, y: 10, width: 10, height: 10 });
  expect(desk.steps).toHaveLength(1);
});

test("a line runs from end to end, with Shift along the nearest eighth of a turn", () => {
  drag("line", [at(20, 60), at(100, 64)], SHIFT);
  expect(desk.value(60, 60)).toBe(255);
  expect(desk.mask.paintedRect?.height).toBeLessThanOrEqual(10);
  expect(straightened({ x: 0, y: 0 }, { x: 10, y: 9 })).toMatchObject({ x: expect.closeTo(9.5) as number, y: expect.closeTo(9.5) as number });
});

test("the lasso fills what the pen goes around, also where its way crosses itself", () => {
  drag("lasso", [at(20, 20), at(80, 20), at(80, 80), at(20, 80)]);
  expect(desk.area).toBe(60 * 60);
  const star = Array.from({ length: 5 }, (_, index) => at(60 + 50 * Math.sin((index * 4 * Math.PI) / 5), 60 - 50 * Math.cos((index * 4 * Math.PI) / 5)));
  drag("lasso", star);
  expect(desk.value(60, 60)).toBe(255);
});

test("a polygon goes from tap to tap and ends on its first corner, on its last one, or by Enter", () => {
  const taps = (...points: readonly Point[]): void => points.forEach(({ x, y }) => drag("polygon", [at(x, y)]));
  taps({ x: 10, y: 10 }, { x: 60, y: 10 }, { x: 60, y: 60 });
  expect(kit.polygon.isBusy).toBe(true);
  expect(desk.area).toBe(0);
  taps({ x: 12, y: 11 });
  expect(kit.polygon.isBusy).toBe(false);
  expect(desk.area).toBeCloseTo(1250, -2);

  taps({ x: 80, y: 80 }, { x: 110, y: 80 }, { x: 110, y: 110 }, { x: 110, y: 110 });
  expect(desk.steps).toHaveLength(2);
  taps({ x: 10, y: 80 }, { x: 40, y: 80 }, { x: 40, y: 110 });
  kit.polygon.finish();
  expect(desk.steps).toHaveLength(3);
  taps({ x: 1, y: 1 }, { x: 40, y: 80 });
  kit.polygon.cancel();
  expect([kit.polygon.isBusy, desk.steps.length]).toEqual([false, 3]);
});

test("the fill stops at other paint, and at a gap only where it closes gaps", () => {
  const wall = (from: Sample, to: Sample) => stamp(desk.other, { ...PLAIN_TIP, size_px: 4 }, from, to);
  wall(at(60, -5), at(60, 52));
  wall(at(60, 62), at(60, 125));
  drag("fill", [at(20, 60)]);
  expect(desk.value(100, 60)).toBe(255);
  desk.clear();
  desk.fillSettings = { ...desk.fillSettings, gap_px: 12 };
  drag("fill", [at(20, 60)]);
  expect(desk.value(20, 5)).toBe(255);
  expect(desk.value(56, 10)).toBe(255);
  expect(desk.value(100, 60)).toBe(0);
  desk.fillSettings = { bounds: "own", tolerance: 0.5, gap_px: 0 };
  drag("fill", [at(100, 60)]);
  expect(desk.value(100, 60)).toBe(255);
  desk.fillSettings = { ...desk.fillSettings, bounds: "nothing" };
  drag("fill", [at(3, 3)]);
  expect(desk.area).toBe(SIDE * SIDE);
});

test("faint paint lets the fill through where the tolerance says so", () => {
  stamp(desk.other, { ...PLAIN_TIP, size_px: 6, opacity: 0.3 }, at(60, -5), at(60, 125));
  desk.fillSettings = { bounds: "paint", tolerance: 0.1, gap_px: 0 };
  drag("fill", [at(20, 60)]);
  expect(desk.value(100, 60)).toBe(0);
  desk.clear();
  desk.fillSettings = { bounds: "paint", tolerance: 0.5, gap_px: 0 };
  drag("fill", [at(20, 60)]);
  expect(desk.value(100, 60)).toBe(255);
});

test("in the picture the fill stops at another colour", () => {
  const pixels = new Uint8ClampedArray(4 * SIDE * SIDE).fill(200);
  for (let y = 0; y < SIDE; y++) pixels.fill(90, 4 * (y * SIDE + 60), 4 * (y * SIDE + 70));
  desk.pixels = () => ({ data: pixels, width: SIDE, height: SIDE, colorSpace: "srgb" }) as unknown as ImageData;
  desk.fillSettings = { bounds: "picture", tolerance: 0.2, gap_px: 0 };
  drag("fill", [at(20, 60)]);
  expect([desk.value(59, 60), desk.value(60, 60), desk.value(80, 60)]).toEqual([255, 0, 0]);
  desk.fillSettings = { bounds: "picture", tolerance: 0.6, gap_px: 0 };
  drag("fill", [at(20, 60)]);
  expect(desk.value(80, 60)).toBe(255);
});

test("what takes long to draw is drawn less often, and at the end in any case", () => {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const pace = new Pace();
  pace.run(() => (now += 30));
  expect(pace.isDue).toBe(false);
  now += 61;
  expect(pace.isDue).toBe(true);
  pace.run(() => (now += 2));
  expect(pace.isDue).toBe(true);
  vi.restoreAllMocks();
});

test("a flood fills what a walk of four directions reaches", () => {
  const chance = new Chance(5);
  for (let round = 0; round < 30; round++) {
    const [width, height] = [1 + chance.below(30), 1 + chance.below(30)];
    const barred = Uint8Array.from({ length: width * height }, () => (chance.number() < 0.4 ? 1 : 0));
    const [x, y] = [chance.below(width), chance.below(height)];
    const seen = new Set<number>();
    const walk = [y * width + x];
    for (let index = walk.pop(); index !== undefined; index = walk.pop()) {
      if (seen.has(index) || barred[index]) continue;
      seen.add(index);
      if (index % width > 0) walk.push(index - 1);
      if (index % width < width - 1) walk.push(index + 1);
      if (index >= width) walk.push(index - width);
      if (index + width < barred.length) walk.push(index + width);
    }
    const filled = [...(flood({ width, height, barred }, x, y, 0)?.alpha ?? [])].flatMap((value, index) => (value ? [index] : []));
    expect(new Set(filled)).toEqual(seen);
  }
});

test("a gradient falls from full to bare, straight or round", () => {
  drag("gradient", [at(20, 60), at(100, 60)]);
  expect([desk.value(5, 60), desk.value(110, 60)]).toEqual([255, 0]);
  expect(desk.value(60, 3)).toBeCloseTo(127, -1);
  desk.clear();
  desk.isRound = true;
  drag("gradient", [at(60, 60), at(100, 60)]);
  expect([desk.value(60, 60) > 245, desk.value(60, 105), desk.value(10, 60)]).toEqual([true, 0, 0]);
  expect(desk.value(60, 40)).toBeCloseTo(127, -1);
});

test("symmetry repeats what is drawn: mirrored, or around the centre", () => {
  desk.copies = copiesOf({ kind: "vertical", count: 0 }, { x: SIDE / 2, y: SIDE / 2 });
  drag("brush", [at(20, 30), at(40, 50)]);
  drag("lasso", [at(10, 80), at(30, 80), at(30, 100)]);
  for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) if (Math.abs(desk.value(x, y) - desk.value(SIDE - 1 - x, y)) > 1) expect.fail(`(${x}, ${y}) has no twin`);
  desk.clear();
  desk.copies = copiesOf({ kind: "radial", count: 4 }, { x: SIDE / 2, y: SIDE / 2 });
  drag("brush", [at(20, 60)]);
  expect([desk.value(20, 60), desk.value(60, 20), desk.value(99, 60), desk.value(60, 99)]).toEqual([255, 255, 255, 255]);
});

test("opacity is the level that a stroke reaches, flow how fast it goes there", () => {
  desk.touches = { ...desk.touches, opacity: 0.5 };
  drag("brush", [at(20, 60), at(60, 60), at(20, 60), at(100, 60)]);
  expect(desk.value(50, 60)).toBe(128);
  desk.touches = { ...desk.touches, opacity: 1, flow: 0.1 };
  desk.clear();
  drag("brush", [at(50, 60)]);
  const once = desk.value(50, 60);
  expect(once).toBeCloseTo(26, -1);
  for (let count = 0; count < 40; count++) drag("brush", [at(50, 60)]);
  expect(desk.value(50, 60)).toBe(255);
});

test("pressure widens, strengthens, or does both, as it is set", () => {
  const painted = (tip: Partial<Tip>, pressure: number): [number, number] => {
    desk.clear();
    desk.touches = { ...PLAIN_TIP, size_px: 40, ...tip };
    drag("brush", [at(60, 60, pressure)]);
    return [desk.mask.paintedRect?.width ?? 0, desk.value(60, 60)];
  };
  const [wide] = painted({ pressureWidens: true }, 1);
  expect(painted({ pressureWidens: true }, 0.5)[0]).toBeLessThan(0.7 * wide);
  expect(painted({ pressureWidens: false }, 0.5)[0]).toBe(wide);
  expect(painted({ pressureWidens: false, pressureDarkens: true }, 0.5)).toEqual([wide, 128]);
});

test("a leaning pen paints longer towards where it leans", () => {
  desk.touches = { ...desk.touches, size_px: 20, tilts: true };
  drag("brush", [{ ...at(60, 60), tilt: { angle: 0, lean: 1 } }]);
  const { width, height } = desk.mask.paintedRect ?? { width: 0, height: 0 };
  expect(width).toBeGreaterThan(2.5 * height);
});

test("a string keeps a shaking hand steady, and the stroke still ends where the pen was lifted", () => {
  const steady = new Steady(10);
  steady.pull(at(0, 0));
  expect([steady.pull(at(6, 6)), steady.pull(at(-5, 3))]).toEqual([null, null]);
  desk.brushSettings = { string_px: 12, makesFigures: false };
  drag("brush", [at(20, 60), at(60, 64), at(100, 60)]);
  expect(desk.value(99, 60)).toBe(255);
});

test("a fast stroke is a curve: its corners are rounded, its pieces overlap", () => {
  desk.touches = { ...desk.touches, size_px: 4 };
  drag("brush", [at(10, 10), at(60, 110), at(110, 10)]);
  expect(desk.value(60, 108)).toBe(0);
  expect(desk.mask.alpha.some((value, index) => value > 0 && Math.floor(index / SIDE) > 50)).toBe(true);
});

test("a stroke that is held at its end becomes the line or the ellipse that it resembles, and nothing else does", () => {
  const wobbly = Array.from({ length: 20 }, (_, index) => at(10 + 5 * index, 60 + 3 * Math.sin(index)));
  expect(figureOf(wobbly, 30)?.kind).toBe("line");
  const round = Array.from({ length: 24 }, (_, index) => at(60 + 30 * Math.cos(index / 3.9), 60 + 20 * Math.sin(index / 3.9)));
  expect(figureOf(round, 30)?.kind).toBe("ellipse");
  expect(figureOf([at(10, 10), at(60, 10), at(60, 60)], 30)).toBeNull();
  expect(figureOf([at(10, 10), at(12, 10)], 30)).toBeNull();

  wobbly.forEach((point, index) => (index === 0 ? kit.brush.begin(point, NOTHING) : kit.brush.move(point, NOTHING)));
  kit.brush.rest?.();
  kit.brush.end();
  expect(desk.mask.paintedRect?.height).toBeLessThan(16);
  expect(desk.steps).toHaveLength(1);
});

test("Shift draws straight on from the last stroke, and keeps a drag straight", () => {
  drag("brush", [at(10, 10)]);
  drag("brush", [at(110, 10)], SHIFT);
  expect(desk.value(60, 10)).toBe(255);
  kit.brush.begin(at(20, 60), NOTHING);
  kit.brush.move(at(60, 90), NOTHING);
  kit.brush.move(at(100, 63), SHIFT);
  kit.brush.end();
  expect([desk.value(60, 60), desk.value(60, 85)]).toEqual([255, 0]);
});

test("moving goes by whole pixels and back to the byte; one step however many drags", () => {
  stamp(desk.mask, { ...PLAIN_TIP, size_px: 30, softness: 0.8 }, at(40, 40), at(60, 50));
  const before = desk.mask.alpha.slice();
  drag("move", [at(45, 45), at(65.3, 55.2)]);
  expect(desk.value(65, 55)).toBe(before[45 * SIDE + 45]);
  kit.move.nudge?.({ x: -20, y: -10 });
  show(kit.move);
  expect(desk.mask.alpha).toEqual(before);
  kit.move.nudge?.({ x: 1, y: 0 });
  kit.move.finish();
  expect(desk.steps.map(({ label, moved_px }) => [label, moved_px])).toEqual([["did.move", { x: 1, y: 0 }]]);
  for (const { before: tiles } of desk.steps[0]?.painted ?? []) desk.mask.swap(tiles);
  expect(desk.mask.alpha).toEqual(before);
});

test("handles stretch and turn; what was moved beyond the edge is back when it is moved back; Esc takes all back", () => {
  drag("rectangle", [at(40, 40), at(60, 60)]);
  drag("move", [at(60, 60), at(80, 70)]);
  expect(desk.area).toBeCloseTo(40 * 30, -1);
  expect([desk.value(78, 68), desk.value(81, 71)]).toEqual([255, 0]);
  drag("move", [at(60, 55), at(-140, 55)]);
  expect(desk.mask.isBlank).toBe(true);
  drag("move", [at(60, 55), at(260, 55)]);
  expect(desk.area).toBeCloseTo(1200, -1);
  kit.move.cancel();
  expect(desk.mask.paintedRect).toEqual({ x: 40, y: 40, width: 20, height: 20 });

  drag("move", [at(50, 10), at(90, 50)], SHIFT);
  expect(desk.area).toBeCloseTo(400, -1);
  expect(desk.mask.paintedRect).toEqual({ x: 40, y: 40, width: 20, height: 20 });
});

test("inverting twice changes nothing, growing and shrinking a disc changes its radius", () => {
  const disc = (): number => desk.mask.paintedRect?.width ?? 0;
  drag("ellipse", [at(40, 40), at(80, 80)]);
  desk.mask.paste(desk.mask.bounds, inverted(desk.mask));
  expect(desk.value(60, 60)).toBe(0);
  desk.mask.paste(desk.mask.bounds, inverted(desk.mask));
  expect(disc()).toBe(40);
  desk.mask.paste(desk.mask.bounds, grown(desk.mask, 5));
  expect(disc()).toBe(50);
  expect(desk.area).toBeCloseTo(Math.PI * 25 * 25, -2);
  desk.mask.paste(desk.mask.bounds, grown(desk.mask, -5));
  expect(disc()).toBeGreaterThanOrEqual(39);
  expect(disc()).toBeLessThanOrEqual(41);
  expect(tilesTowards(desk.mask, desk.mask.alpha.slice()).size).toBe(0);
});

test("whatever a tool did, cancelled in the middle, is gone to the byte; finished, its step takes it back", () => {
  const chance = new Chance(11);
  const point = () => at(chance.number() * 160 - 20, chance.number() * 160 - 20, chance.number());
  stamp(desk.mask, { ...PLAIN_TIP, size_px: 50, softness: 0.5 }, at(40, 40), at(80, 90));
  for (let round = 0; round < 200; round++) {
    const name = TOOLS[round % TOOLS.length] as ToolName;
    const tool = kit[name];
    const held = { shift: chance.number() < 0.3, alt: chance.number() < 0.3, erases: chance.number() < 0.3 };
    desk.touches = { ...PLAIN_TIP, size_px: 1 + chance.below(30), softness: chance.number(), opacity: chance.number(), flow: chance.number() < 0.5 ? 1 : 0.2, erases: false };
    desk.copies = copiesOf({ kind: chance.of(["off", "both", "radial"] as const), count: 5 }, { x: 60, y: 60 });
    const before = desk.mask.alpha.slice();
    const steps = desk.steps.length;
    wander(tool, name, chance, point, held);
    if (name !== "fill" && chance.number() < 0.4) {
      tool.cancel();
      expect(desk.steps.length, `${name} cancelled`).toBe(steps);
      expect(sameBytes(desk.mask.alpha, before), `${name} cancelled`).toBe(true);
      continue;
    }
    tool.end();
    tool.finish();
    const after = desk.mask.alpha.slice();
    for (const { painted } of desk.steps.slice(steps)) for (const { before: tiles } of painted) desk.mask.swap(tiles);
    expect(sameBytes(desk.mask.alpha, before), `${name} undone`).toBe(true);
    if (chance.number() < 0.3) desk.mask.paste(desk.mask.bounds, after);
  }
});
