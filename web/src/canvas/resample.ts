/** An area moved, stretched and turned: every pixel of the outcome looks where it came from. */

import { type Affine, inverse, map } from "./affine";
import { type Cover, enclosing, rectangle } from "./cover";
import type { Rect } from "./rect";

export function resampled(source: Cover, affine: Affine, bounds: Rect): Cover | null {
  const { rect } = source;
  const corners = rectangle({ x: rect.x - 0.5, y: rect.y - 0.5 }, { x: rect.x + rect.width + 0.5, y: rect.y + rect.height + 0.5 });
  const target = enclosing(corners.map((corner) => map(affine, corner)), bounds);
  if (!target) return null;
  const alpha = new Uint8Array(target.width * target.height);
  const back = inverse(affine);
  for (let row = 0, index = 0; row < target.height; row++) {
    const start = map(back, { x: target.x + 0.5, y: target.y + row + 0.5 });
    let [x, y] = [start.x - rect.x - 0.5, start.y - rect.y - 0.5];
    for (let column = 0; column < target.width; column++, index++, x += back.a, y += back.b) alpha[index] = mean(source, x, y);
  }
  return { rect: target, alpha };
}

/** Of the four pixels around a place of the source; beyond its edge everything is bare. */
function mean({ rect: { width, height }, alpha }: Cover, x: number, y: number): number {
  const [left, top] = [Math.floor(x + 1e-9), Math.floor(y + 1e-9)];
  if (left < -1 || top < -1 || left >= width || top >= height) return 0;
  const [right, down] = [Math.max(0, x - left), Math.max(0, y - top)];
  const at = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= width || row >= height ? 0 : (alpha[row * width + column] as number);
  const upper = at(left, top) * (1 - right) + at(left + 1, top) * right;
  const lower = at(left, top + 1) * (1 - right) + at(left + 1, top + 1) * right;
  return Math.round(upper * (1 - down) + lower * down);
}
