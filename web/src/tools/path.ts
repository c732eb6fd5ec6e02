/** The way of a pen: steadied by a string, rounded where it is fast, straight where it is asked to be. */

import type { Sample, Tilt } from "../canvas/stamp";
import type { Point } from "../canvas/view";

/** The brush hangs on a string behind the pen: what is shorter than the string does not move it. */
export class Steady {
  readonly #string_px: number;
  #at: Sample | null = null;

  constructor(string_px: number) {
    this.#string_px = string_px;
  }

  /** Where the brush is when the pen is at `pen`; null while the string is slack. */
  pull(pen: Sample): Sample | null {
    const at = this.#at;
    if (!at || this.#string_px === 0) return (this.#at = pen);
    const way = distance(at, pen);
    if (way <= this.#string_px) return null;
    const share = 1 - this.#string_px / way;
    return (this.#at = { ...pen, x: at.x + (pen.x - at.x) * share, y: at.y + (pen.y - at.y) * share });
  }
}

/** A smooth curve through the middles of the pen's moves, so that a fast stroke is no polygon. */
export class Curve {
  #corner: Sample | null = null;
  #from: Sample | null = null;

  /** Points of the curve that are new, each about `spacing_px` from the next. */
  add(sample: Sample, spacing_px: number): Sample[] {
    const corner = this.#corner;
    this.#corner = sample;
    if (!corner) {
      this.#from = sample;
      return [sample];
    }
    const from = this.#from ?? corner;
    const to = between(corner, sample, 0.5);
    this.#from = to;
    return bend(from, corner, to, spacing_px);
  }

  /** The rest of the way, to where the pen was lifted. */
  finish(): Sample[] {
    return this.#corner ? [this.#corner] : [];
  }
}

function bend(from: Sample, corner: Sample, to: Sample, spacing_px: number): Sample[] {
  const length = distance(from, corner) + distance(corner, to);
  const count = Math.min(64, Math.max(1, Math.ceil(length / spacing_px)));
  return Array.from({ length: count }, (_, index) => {
    const share = (index + 1) / count;
    return between(between(from, corner, share), between(corner, to, share), share);
  });
}

export function between(from: Sample, to: Sample, share: number): Sample {
  const part = (a: number, b: number): number => a + (b - a) * share;
  return { x: part(from.x, to.x), y: part(from.y, to.y), pressure: part(from.pressure, to.pressure), tilt: tiltBetween(from.tilt, to.tilt, share) };
}

function tiltBetween(from: Tilt | undefined, to: Tilt | undefined, share: number): Tilt | undefined {
  if (!from || !to) return to ?? from;
  const turn = Math.atan2(Math.sin(to.angle - from.angle), Math.cos(to.angle - from.angle));
  return { angle: from.angle + turn * share, lean: from.lean + (to.lean - from.lean) * share };
}

const EIGHTH = Math.PI / 4;

/** The nearest point that lies straight, level or aslant from `from`. */
export function straightened<P extends Point>(from: Point, to: P): P {
  const angle = Math.round(Math.atan2(to.y - from.y, to.x - from.x) / EIGHTH) * EIGHTH;
  const length = (to.x - from.x) * Math.cos(angle) + (to.y - from.y) * Math.sin(angle);
  return { ...to, x: from.x + length * Math.cos(angle), y: from.y + length * Math.sin(angle) };
}

export type Figure = { readonly kind: "line" } | { readonly kind: "ellipse"; readonly a: Point; readonly b: Point } | null;

const STRAIGHT_ENOUGH = 0.12;
const CLOSED_ENOUGH = 0.2;

/** What a hand meant that drew this and then held still: a line, a closed round, or nothing of the kind. */
export function figureOf(points: readonly Point[], least_px: number): Figure {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return null;
  const [left, right] = [Math.min(...points.map((p) => p.x)), Math.max(...points.map((p) => p.x))];
  const [top, bottom] = [Math.min(...points.map((p) => p.y)), Math.max(...points.map((p) => p.y))];
  const reach = Math.hypot(right - left, bottom - top);
  if (reach < least_px) return null;
  const chord = distance(first, last);
  if (chord < CLOSED_ENOUGH * reach) {
    const isRound = Math.min(right - left, bottom - top) > 0.25 * reach;
    return isRound ? { kind: "ellipse", a: { x: left, y: top }, b: { x: right, y: bottom } } : null;
  }
  const isStraight = points.every((point) => awayFrom(first, last, point) < STRAIGHT_ENOUGH * chord);
  return isStraight ? { kind: "line" } : null;
}

function awayFrom(from: Point, to: Point, { x, y }: Point): number {
  return Math.abs((to.x - from.x) * (from.y - y) - (from.x - x) * (to.y - from.y)) / Math.max(1e-6, distance(from, to));
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
