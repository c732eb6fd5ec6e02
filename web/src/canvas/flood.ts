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

/** 1 within `reach` pixels of what is barred, by steps of 3 straight and 4 aslant. */
function near({ width, height, barred }: Field, reach: number): Uint8Array {
  const far = new Uint16Array(barred.length);
  for (let index = 0; index < far.length; index++) far[index] = barred[index] ? 0 : FAR;
  const relax = (index: number, x: number, y: number, way: 1 | -1): void => {
    let least = far[index] as number;
    const look = (dx: number, dy: number, cost: number): void => {
      const [ox, oy] = [x + dx * way, y + dy * way];
      if (ox < 0 || oy < 0 || ox >= width || oy >= height) return;
      least = Math.min(least, (far[oy * width + ox] as number) + cost);
    };
    look(-1, 0, 3);
    look(0, -1, 3);
    look(-1, -1, 4);
    look(1, -1, 4);
    far[index] = least;
  };
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) relax(y * width + x, x, y, 1);
  for (let y = height - 1; y >= 0; y--) for (let x = width - 1; x >= 0; x--) relax(y * width + x, x, y, -1);
  return Uint8Array.from(far, (distance) => (distance <= 3 * reach ? 1 : 0));
}

/** Back over the margin that was kept from the walls, step by step, never through them. */
function grow({ width, barred }: Field, filled: Uint8Array, steps: number): void {
  let edge: number[] = [];
  for (let index = 0; index < filled.length; index++) if (filled[index]) edge.push(index);
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
