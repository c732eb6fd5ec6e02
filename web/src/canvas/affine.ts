/** Maps of the plane: x' = a x + c y + e, y' = b x + d y + f, as a canvas counts them. */

import type { Point } from "./view";

export interface Affine {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

export const IDENTITY: Affine = { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 };

export function map({ a, b, c, d, e, f }: Affine, { x, y }: Point): Point {
  return { x: a * x + c * y + e, y: b * x + d * y + f };
}

/** First `inner`, then `outer`. */
export function after(outer: Affine, inner: Affine): Affine {
  return {
    a: outer.a * inner.a + outer.c * inner.b,
    b: outer.b * inner.a + outer.d * inner.b,
    c: outer.a * inner.c + outer.c * inner.d,
    d: outer.b * inner.c + outer.d * inner.d,
    e: outer.a * inner.e + outer.c * inner.f + outer.e,
    f: outer.b * inner.e + outer.d * inner.f + outer.f,
  };
}

/** The way back; the map has to have one: its sides are never of no length. */
export function inverse({ a, b, c, d, e, f }: Affine): Affine {
  const area = a * d - b * c;
  if (area === 0) throw new Error("a map that flattens the plane has no way back");
  return { a: d / area, b: -b / area, c: -c / area, d: a / area, e: (c * f - d * e) / area, f: (b * e - a * f) / area };
}

export function shift(x: number, y: number): Affine {
  return { ...IDENTITY, e: x, f: y };
}

/** The same, seen from a place that is not the origin. */
export function about({ x, y }: Point, linear: Affine): Affine {
  return after(shift(x, y), after(linear, shift(-x, -y)));
}

/** Radians, clockwise on a screen. */
export function turn(angle: number): Affine {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  return { a: cosine, b: sine, c: -sine, d: cosine, e: 0, f: 0 };
}

export function stretch(x: number, y: number): Affine {
  return { a: x, b: 0, c: 0, d: y, e: 0, f: 0 };
}

export function isIdentity(affine: Affine): boolean {
  return (Object.keys(IDENTITY) as (keyof Affine)[]).every((key) => affine[key] === IDENTITY[key]);
}
