/** Whole masks made into others: inverted, grown, shrunk, united. All take and give one byte per pixel, by rows. */

import { type MaskCanvas, type Tiles } from "./mask";
import { sameBytes } from "./work";

export function inverted({ alpha }: MaskCanvas): Uint8Array {
  return alpha.map((value) => 255 - value);
}

/** Both: where one of them is painted. */
export function united(a: MaskCanvas, b: MaskCanvas): Uint8Array {
  return a.alpha.map((value, index) => Math.max(value, b.alpha[index] as number));
}

/** Every pixel as strongly painted as the strongest within `radius_px`, or with a radius below zero as the weakest. */
export function grown(mask: MaskCanvas, radius_px: number): Uint8Array {
  if (radius_px < 0) return grownBy(inverted(mask), mask.width, mask.height, -radius_px).map((value) => 255 - value);
  return grownBy(mask.alpha, mask.width, mask.height, radius_px);
}

/** A disc as a stack of level bars: the strongest of each bar, row by row. */
function grownBy(alpha: Uint8Array, width: number, height: number, radius: number): Uint8Array {
  const out = new Uint8Array(alpha.length);
  const reach = Math.floor(radius);
  for (let dy = 0; dy <= reach; dy++) {
    const bars = strongestAlong(alpha, width, height, Math.floor(Math.sqrt(radius * radius - dy * dy)));
    raise(out, bars, dy * width);
    if (dy > 0) raise(out, bars, -dy * width);
  }
  return out;
}

/** Within `reach` to the left and to the right: from both sides, over blocks as long as the bar. */
function strongestAlong(alpha: Uint8Array, width: number, height: number, reach: number): Uint8Array {
  if (reach === 0) return alpha;
  const length = 2 * reach + 1;
  const out = new Uint8Array(alpha.length);
  const [ahead, behind] = [new Uint8Array(width + length), new Uint8Array(width + length)];
  for (let y = 0; y < height; y++) {
    const row = alpha.subarray(y * width, (y + 1) * width);
    if (row.every((value) => value === 0)) continue;
    for (let x = 0; x < width + length; x++) {
      const value = row[x - reach] ?? 0;
      ahead[x] = x % length === 0 ? value : Math.max(value, ahead[x - 1] as number);
    }
    for (let x = width + length - 1; x >= 0; x--) {
      const value = row[x - reach] ?? 0;
      behind[x] = x % length === length - 1 || x === width + length - 1 ? value : Math.max(value, behind[x + 1] as number);
    }
    for (let x = 0; x < width; x++) out[y * width + x] = Math.max(behind[x] as number, ahead[x + length - 1] as number);
  }
  return out;
}

function raise(out: Uint8Array, bars: Uint8Array, by: number): void {
  const [from, to] = [Math.max(0, by), Math.min(out.length, out.length + by)];
  for (let at = from; at < to; at++) {
    const value = bars[at - by] as number;
    if (value > (out[at] as number)) out[at] = value;
  }
}

/** The tiles in which the mask differs from these pixels, as they shall be. */
export function tilesTowards(mask: MaskCanvas, alpha: Uint8Array): Tiles {
  const tiles = new Map<number, Uint8Array>();
  for (const index of mask.tilesIn(mask.bounds)) {
    const { x, y, width, height } = mask.tileRect(index);
    const pixels = new Uint8Array(width * height);
    for (let row = 0; row < height; row++) {
      const start = (y + row) * mask.width + x;
      pixels.set(alpha.subarray(start, start + width), row * width);
    }
    if (!sameBytes(pixels, mask.copy(mask.tileRect(index)))) tiles.set(index, pixels);
  }
  return tiles;
}
