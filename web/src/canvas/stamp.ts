/** One piece of a stroke: the area that a tip sweeps between two samples, with a soft edge. */

import { type Affine, map } from "./affine";
import type { MaskCanvas } from "./mask";
import { intersect, type Rect } from "./rect";

/** How a pen is held: `lean` 0 upright to 1 flat, towards `angle` (radians, clockwise from the right). */
export interface Tilt {
  readonly angle: number;
  readonly lean: number;
}

/** A point of a stroke in document pixels; `pressure` is 0 to 1. */
export interface Sample {
  readonly x: number;
  readonly y: number;
  readonly pressure: number;
  readonly tilt?: Tilt | undefined;
}

/** What touches the mask. */
export interface Tip {
  /** Diameter at full pressure. */
  readonly size_px: number;
  /** The share of the radius that fades out. */
  readonly softness: number;
  /** The level that a stroke reaches, however often it goes over a place; 0 to 1. */
  readonly opacity: number;
  /** The share of the way to that level that one dab goes; 1 goes there at once. */
  readonly flow: number;
  readonly erases: boolean;
  /** What pressing harder does. */
  readonly pressureWidens: boolean;
  readonly pressureDarkens: boolean;
  /** A pen that leans paints wider towards where it leans. */
  readonly tilts: boolean;
}

const LIGHTEST = 0.15;
/** A flat pen paints this many times as long as wide. */
const FLATTEST = 3;

export function radiusAt(tip: Tip, pressure: number): number {
  const share = tip.pressureWidens ? LIGHTEST + (1 - LIGHTEST) * pressure : 1;
  return Math.max(0.5, (tip.size_px / 2) * share);
}

/** How many times as long as wide the tip is. */
export function elongation(tip: Tip, { tilt }: Sample): number {
  return tip.tilts && tilt ? 1 + (FLATTEST - 1) * tilt.lean : 1;
}

/** The sample where a map of the plane puts it, and its pen as it leans there. */
export function mapSample(affine: Affine, sample: Sample): Sample {
  const { tilt } = sample;
  if (!tilt) return { ...sample, ...map(affine, sample) };
  const [x, y] = [Math.cos(tilt.angle), Math.sin(tilt.angle)];
  const angle = Math.atan2(affine.b * x + affine.d * y, affine.a * x + affine.c * y);
  return { ...sample, ...map(affine, sample), tilt: { ...tilt, angle } };
}

/** The rectangle that a piece may change, or null when it lies outside of the mask. */
export function sweptRect(mask: MaskCanvas, tip: Tip, from: Sample, to: Sample): Rect | null {
  const reach = Math.max(radiusAt(tip, from.pressure), radiusAt(tip, to.pressure)) * elongation(tip, to) + 1;
  const x = Math.floor(Math.min(from.x, to.x) - reach);
  const y = Math.floor(Math.min(from.y, to.y) - reach);
  const width = Math.ceil(Math.max(from.x, to.x) + reach) - x;
  const height = Math.ceil(Math.max(from.y, to.y) + reach) - y;
  return intersect({ x, y, width, height }, mask.bounds);
}

/** Paint or erase the piece. Coverage never goes beyond the tip's level, so going over a soft edge twice does not harden it. */
export function stamp(mask: MaskCanvas, tip: Tip, from: Sample, to: Sample): Rect | null {
  const rect = sweptRect(mask, tip, from, to);
  if (!rect) return null;
  const { alpha, width } = mask;
  const squeeze = squeezed(tip, to);
  const [dx, dy] = squeeze(to.x - from.x, to.y - from.y);
  const perLength = dx !== 0 || dy !== 0 ? 1 / (dx * dx + dy * dy) : 0;
  const startRadius = radiusAt(tip, from.pressure);
  const radiusChange = radiusAt(tip, to.pressure) - startRadius;
  const startLevel = levelAt(tip, from.pressure);
  const levelChange = levelAt(tip, to.pressure) - startLevel;
  const { erases, flow, softness } = tip;
  const [stepX, stepY] = squeeze(1, 0);
  const full = tip.pressureDarkens ? 256 : Math.round(255 * tip.opacity);
  for (let y = rect.y; y < rect.y + rect.height; y++) {
    const [left, right] = rowOf(rect, tip, from, to, y + 0.5);
    let [px, py] = squeeze(left + 0.5 - from.x, y + 0.5 - from.y);
    for (let index = y * width + left, end = y * width + right; index < end; index++, px += stepX, py += stepY) {
      const old = alpha[index] as number;
      if (erases ? old <= 255 - full : old >= full) continue;
      const along = clamp((px * dx + py * dy) * perLength);
      const ox = px - along * dx;
      const oy = py - along * dy;
      const cover = coverage(ox * ox + oy * oy, startRadius + along * radiusChange, softness);
      if (cover > 0) alpha[index] = mixed(old, cover * (startLevel + along * levelChange), flow, erases);
    }
  }
  mask.touch(rect);
  return rect;
}

/** From where to where a row may be touched: what is further from the line in height is nearer to it across. */
function rowOf(rect: Rect, tip: Tip, from: Sample, to: Sample, y: number): readonly [number, number] {
  const reach = Math.max(radiusAt(tip, from.pressure), radiusAt(tip, to.pressure)) * elongation(tip, to) + 0.5;
  const away = Math.max(0, Math.min(from.y, to.y) - y, y - Math.max(from.y, to.y));
  const across = Math.sqrt(Math.max(0, reach * reach - away * away));
  const left = Math.max(rect.x, Math.floor(Math.min(from.x, to.x) - across));
  return [left, Math.min(rect.x + rect.width, Math.ceil(Math.max(from.x, to.x) + across))];
}

/** Into the space where a leaning tip is round again. */
function squeezed(tip: Tip, sample: Sample): (x: number, y: number) => readonly [number, number] {
  const long = elongation(tip, sample);
  if (long === 1) return (x, y) => [x, y];
  const { angle } = sample.tilt ?? { angle: 0 };
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const less = 1 / long - 1;
  return (x, y) => {
    const towards = (x * cosine + y * sine) * less;
    return [x + towards * cosine, y + towards * sine];
  };
}

function levelAt(tip: Tip, pressure: number): number {
  return tip.opacity * (tip.pressureDarkens ? pressure : 1);
}

/** 0 to 255: full inside, a smooth fall over the soft part, at least one pixel wide. */
function coverage(distanceSquared: number, radius: number, softness: number): number {
  const outer = radius + 0.5;
  if (distanceSquared >= outer * outer) return 0;
  const inner = Math.min(radius * (1 - softness), radius - 0.5);
  if (inner > 0 && distanceSquared <= inner * inner) return 255;
  const fall = clamp((outer - Math.sqrt(distanceSquared)) / (outer - inner));
  return 255 * fall * fall * (3 - 2 * fall);
}

/** From `old` towards `cover` (or towards bare), never beyond; flow of 1 goes all the way. */
export function mixed(old: number, cover: number, flow: number, erases: boolean): number {
  const target = erases ? 255 - Math.round(cover) : Math.round(cover);
  const way = target - old;
  if (erases ? way >= 0 : way <= 0) return old;
  return flow === 1 ? target : old + (erases ? Math.floor(way * flow) : Math.ceil(way * flow));
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}
