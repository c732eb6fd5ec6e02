/** Filling: from one pixel as far as nothing bars the way, and not through gaps. */

import type { Cover } from "./cover";
import type { Rect } from "./rect";

export interface Field {
  readonly width: number;
  readonly height: number;
  /** 1 where the way is barred. */
  readonly barred: Uint8Array;
}

const FAR = 0xffff;

/** Everything that can be reached from (x, y); a gap in what bars the way, `gap_px` wide or less, lets nothing through. */
export function flood(field: Field, x: number, y: number, gap_px: number): Cover | null {
  const { width, height, barred } = field;
  const start = y * width + x;
  if (x < 0 || y < 0 || x >= width || y >= height || barred[start]) return null;
  const reach = Math.ceil(gap_px / 2);
  const walls = reach > 0 ? near(field, reach) : barred;
  if (walls[start]) return { rect: whole(field), alpha: spread({ ...field, barred }, start) };
  const filled = spread({ ...field, barred: walls }, start);
  if (reach > 0) grow(field, filled, reach);
  return { rect: whole(field), alpha: filled };
}

function whole({ width, height }: Field): Rect {
  return { x: 0, y: 0, width, height };
}

/** Spans of rows, from a heap of places still to look at. */
function spread({ width, height, barred }: Field, start: number): Uint8Array {
  const filled = new Uint8Array(width * height);
  const heap = [start];
  const isFree = (index: number): boolean => barred[index] === 0 && filled[index] === 0;
  for (let at = heap.pop(); at !== undefined; at = heap.pop()) {
    if (!isFree(at)) continue;
    const row = at - (at % width);
    let left = at;
    while (left > row && isFree(left - 1)) left--;
    let right = at;
    while (right < row + width - 1 && isFree(right + 1)) right++;
    filled.fill(255, left, right + 1);
    for (const other of [row - width, row + width]) {
      if (other < 0 || other >= width * height) continue;
      for (let index = left - row + other; index <= right - row + other; index++) {
        if (isFree(index) && (index === left - row + other || !isFree(index - 1))) heap.push(index);
      }
    }
  }
  return filled;
}

/** 1 within `reach` pixels of what is barred, by steps of 3 straight and 4 aslant: once downwards, once upwards. */
function near({ width, height, barred }: Field, reach: number): Uint8Array {
  const far = Uint16Array.from(barred, (bar) => (bar ? 0 : FAR));
  const pass = (at: number, way: 1 | -1, x: number, hasRow: boolean): void => {
    let least = far[at] as number;
    const [hasBefore, hasAfter] = way === 1 ? [x > 0, x < width - 1] : [x < width - 1, x > 0];
    const row = at - way * width;
    if (hasBefore) least = Math.min(least, (far[at - way] as number) + 3);
    if (hasRow) least = Math.min(least, (far[row] as number) + 3);
    if (hasRow && hasBefore) least = Math.min(least, (far[row - way] as number) + 4);
    if (hasRow && hasAfter) least = Math.min(least, (far[row + way] as number) + 4);
    far[at] = least;
  };
  for (let at = 0, y = 0; y < height; y++) for (let x = 0; x < width; x++, at++) if (far[at] !== 0) pass(at, 1, x, y > 0);
  for (let at = far.length - 1, y = height - 1; y >= 0; y--) for (let x = width - 1; x >= 0; x--, at--) if (far[at] !== 0) pass(at, -1, x, y < height - 1);
  const walls = new Uint8Array(far.length);
  for (let at = 0; at < far.length; at++) if ((far[at] as number) <= 3 * reach) walls[at] = 1;
  return walls;
}

/** Back over the margin that was kept from the walls, step by step, never through them. */
function grow({ width, barred }: Field, filled: Uint8Array, steps: number): void {
  let edge: number[] = [];
  for (let index = 0; index < filled.length; index++) {
    const isInside = filled[index - 1] && filled[index + 1] && filled[index - width] && filled[index + width];
    if (filled[index] && !isInside) edge.push(index);
  }
  for (let step = 0; step <= steps; step++) {
    const next: number[] = [];
    for (const index of edge) {
      const x = index % width;
      for (const other of [x > 0 ? index - 1 : -1, x < width - 1 ? index + 1 : -1, index - width, index + width]) {
        if (other < 0 || other >= filled.length || filled[other] || barred[other]) continue;
        filled[other] = 255;
        next.push(other);
      }
    }
    edge = next;
  }
}
