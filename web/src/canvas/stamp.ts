/** One piece of a stroke: the area that a round tip sweeps between two samples, with a soft edge. */

import type { MaskCanvas } from "./mask";
import { intersect, type Rect } from "./rect";

/** A point of a stroke in document pixels; `pressure` is 0 to 1. */
export interface Sample {
  readonly x: number;
  readonly y: number;
  readonly pressure: number;
}

/** `size_px` is the diameter at full pressure; `softness` is the share of the radius that fades out. */
export interface Tip {
  readonly size_px: number;
  readonly softness: number;
  readonly erases: boolean;
}

const LIGHTEST = 0.15;

export function radiusAt(tip: Tip, pressure: number): number {
  return Math.max(0.5, (tip.size_px / 2) * (LIGHTEST + (1 - LIGHTEST) * pressure));
}

/** The rectangle that a piece may change, or null when it lies outside of the mask. */
export function sweptRect(mask: MaskCanvas, tip: Tip, from: Sample, to: Sample): Rect | null {
  const reach = Math.max(radiusAt(tip, from.pressure), radiusAt(tip, to.pressure)) + 1;
  const x = Math.floor(Math.min(from.x, to.x) - reach);
  const y = Math.floor(Math.min(from.y, to.y) - reach);
  const width = Math.ceil(Math.max(from.x, to.x) + reach) - x;
  const height = Math.ceil(Math.max(from.y, to.y) + reach) - y;
  return intersect({ x, y, width, height }, mask.bounds);
}

/** Paint or erase the piece. Coverage never adds up, so going over a soft edge twice does not harden it. */
export function stamp(mask: MaskCanvas, tip: Tip, from: Sample, to: Sample): Rect | null {
  const rect = sweptRect(mask, tip, from, to);
  if (!rect) return null;
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const perLength = dx !== 0 || dy !== 0 ? 1 / (dx * dx + dy * dy) : 0;
  const startRadius = radiusAt(tip, from.pressure);
  const radiusChange = radiusAt(tip, to.pressure) - startRadius;
  for (let y = rect.y; y < rect.y + rect.height; y++) {
    const py = y + 0.5 - from.y;
    for (let x = rect.x; x < rect.x + rect.width; x++) {
      const px = x + 0.5 - from.x;
      const along = clamp((px * dx + py * dy) * perLength);
      const ox = px - along * dx;
      const oy = py - along * dy;
      const cover = coverage(ox * ox + oy * oy, startRadius + along * radiusChange, tip.softness);
      if (cover > 0) put(mask.alpha, y * mask.width + x, cover, tip.erases);
    }
  }
  mask.touch(rect);
  return rect;
}

/** 0 to 255: full inside, a smooth fall over the soft part, at least one pixel wide. */
function coverage(distanceSquared: number, radius: number, softness: number): number {
  const outer = radius + 0.5;
  if (distanceSquared >= outer * outer) return 0;
  const inner = Math.min(radius * (1 - softness), radius - 0.5);
  if (inner > 0 && distanceSquared <= inner * inner) return 255;
  const fall = clamp((outer - Math.sqrt(distanceSquared)) / (outer - inner));
  return Math.round(255 * fall * fall * (3 - 2 * fall));
}

function put(alpha: Uint8Array, index: number, cover: number, erases: boolean): void {
  const old = alpha[index] ?? 0;
  alpha[index] = erases ? Math.min(old, 255 - cover) : Math.max(old, cover);
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}
