/** Areas as coverage: a rectangle of bytes, 255 where a pixel lies inside, less along smooth edges. */

import { intersect, type Rect } from "./rect";
import type { Point } from "./view";

export interface Cover {
  readonly rect: Rect;
  /** One byte per pixel of the rectangle, by rows. */
  readonly alpha: Uint8Array;
}

/** Lines per row of pixels that an edge is measured along. */
const LINES = 4;

interface Edge {
  readonly top: number;
  readonly bottom: number;
  readonly x: number;
  readonly slope: number;
  readonly winding: 1 | -1;
}

/** What an outline encloses, where it crosses itself too; null where nothing of it lies within `bounds`. */
export function polygonCover(points: readonly Point[], bounds: Rect): Cover | null {
  const rect = enclosing(points, bounds);
  if (!rect || points.length < 3) return null;
  const alpha = new Uint8Array(rect.width * rect.height);
  const edges = edgesOf(points);
  const row = new Float32Array(rect.width + 2);
  for (let y = 0; y < rect.height; y++) {
    row.fill(0);
    for (let line = 0; line < LINES; line++) {
      const spans = spansAt(edges, rect.y + y + (line + 0.5) / LINES);
      for (const [from, to] of spans) addSpan(row, from - rect.x, to - rect.x, rect.width);
    }
    settle(row, alpha, y * rect.width, rect.width);
  }
  return { rect, alpha };
}

/** The whole pixels that points may touch. */
export function enclosing(points: readonly Point[], bounds: Rect): Rect | null {
  if (points.length === 0) return null;
  const [left, top, right, bottom] = points.reduce(
    ([l, t, r, b], { x, y }) => [Math.min(l, x), Math.min(t, y), Math.max(r, x), Math.max(b, y)],
    [Infinity, Infinity, -Infinity, -Infinity],
  );
  const [x, y] = [Math.floor(left), Math.floor(top)];
  return intersect({ x, y, width: Math.ceil(right) - x, height: Math.ceil(bottom) - y }, bounds);
}

function edgesOf(points: readonly Point[]): Edge[] {
  return points.flatMap((from, index): Edge[] => {
    const to = points[(index + 1) % points.length] as Point;
    if (from.y === to.y) return [];
    const [upper, lower] = from.y < to.y ? [from, to] : [to, from];
    const slope = (lower.x - upper.x) / (lower.y - upper.y);
    return [{ top: upper.y, bottom: lower.y, x: upper.x, slope, winding: from.y < to.y ? 1 : -1 }];
  });
}

/** From where to where a line at this height lies inside. */
function spansAt(edges: readonly Edge[], y: number): [number, number][] {
  const crossings: [number, number][] = [];
  for (const { top, bottom, x, slope, winding } of edges) {
    if (top <= y && y < bottom) crossings.push([x + (y - top) * slope, winding]);
  }
  crossings.sort(([a], [b]) => a - b);
  const spans: [number, number][] = [];
  let turns = 0;
  let start = 0;
  for (const [x, winding] of crossings) {
    if (turns === 0) start = x;
    turns += winding;
    if (turns === 0) spans.push([start, x]);
  }
  return spans;
}

/** Add one line's span to a row of differences: whole pixels by their ends, the first and the last by their share. */
function addSpan(row: Float32Array, from: number, to: number, width: number): void {
  addEnd(row, Math.min(Math.max(from, 0), width), 1);
  addEnd(row, Math.min(Math.max(to, 0), width), -1);
}

function addEnd(row: Float32Array, x: number, sign: number): void {
  const pixel = Math.floor(x);
  const share = x - pixel;
  row[pixel] = (row[pixel] as number) + sign * (1 - share);
  row[pixel + 1] = (row[pixel + 1] as number) + sign * share;
}

function settle(row: Float32Array, alpha: Uint8Array, start: number, width: number): void {
  let sum = 0;
  for (let x = 0; x < width; x++) {
    sum += row[x] as number;
    alpha[start + x] = Math.min(255, Math.round((255 * sum) / LINES));
  }
}

/** An ellipse within the box of two corners, as an outline. */
export function ellipse(a: Point, b: Point): Point[] {
  const [cx, cy, rx, ry] = [(a.x + b.x) / 2, (a.y + b.y) / 2, Math.abs(a.x - b.x) / 2, Math.abs(a.y - b.y) / 2];
  const count = Math.min(256, Math.max(24, Math.ceil(8 * Math.sqrt(Math.max(rx, ry)))));
  return Array.from({ length: count }, (_, index) => {
    const angle = (2 * Math.PI * index) / count;
    return { x: cx + rx * Math.cos(angle), y: cy + ry * Math.sin(angle) };
  });
}

export function rectangle(a: Point, b: Point): Point[] {
  return [a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }];
}

/** Full at `from` and before it, bare at `to` and beyond. */
export function linearRamp(from: Point, to: Point, rect: Rect): Cover {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const perLength = 1 / Math.max(1e-6, dx * dx + dy * dy);
  return ramp(rect, (x, y) => 1 - ((x - from.x) * dx + (y - from.y) * dy) * perLength);
}

/** Full at `from`, bare as far away as `to` and beyond. */
export function radialRamp(from: Point, to: Point, rect: Rect): Cover {
  const perRadius = 1 / Math.max(1e-3, Math.hypot(to.x - from.x, to.y - from.y));
  return ramp(rect, (x, y) => 1 - Math.hypot(x - from.x, y - from.y) * perRadius);
}

function ramp(rect: Rect, value: (x: number, y: number) => number): Cover {
  const alpha = new Uint8ClampedArray(rect.width * rect.height);
  for (let row = 0, index = 0; row < rect.height; row++) {
    for (let column = 0; column < rect.width; column++, index++) {
      alpha[index] = 255 * value(rect.x + column + 0.5, rect.y + row + 0.5);
    }
  }
  return { rect, alpha: new Uint8Array(alpha.buffer) };
}
