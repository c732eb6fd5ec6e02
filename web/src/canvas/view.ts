/** Where the document lies on the screen: scaled, turned about its corner, and perhaps mirrored. */

import { about, type Affine, after, inverse, map, shift, stretch, turn } from "./affine";

export interface View {
  /** CSS pixels per document pixel. */
  readonly scale: number;
  /** Where the document's left upper corner is. */
  readonly x: number;
  readonly y: number;
  /** Radians, clockwise. */
  readonly angle: number;
  readonly isMirrored: boolean;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What panels cover of the window. */
export interface Insets {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

export const UPRIGHT: View = { scale: 1, x: 0, y: 0, angle: 0, isMirrored: false };
export const MIN_SCALE = 0.05;
export const MAX_SCALE = 32;
/** A view that is turned by less than this is meant to be straight. */
const STRAIGHT = 0.05;
const QUARTER = Math.PI / 2;

/** From document pixels to the screen. */
export function affineOf({ scale, x, y, angle, isMirrored }: View): Affine {
  return after(shift(x, y), after(turn(angle), stretch(isMirrored ? -scale : scale, scale)));
}

/** Show an area of the document as large as the free part of the window allows; turned and mirrored as before. */
export function fit(area: Size & Partial<Point>, window: Size, insets: Insets, view: View = UPRIGHT): View {
  const [width, height] = [window.width - insets.left - insets.right, window.height - insets.top - insets.bottom].map((side) => Math.max(40, side)) as [number, number];
  const [cosine, sine] = [Math.abs(Math.cos(view.angle)), Math.abs(Math.sin(view.angle))];
  const wide = area.width * cosine + area.height * sine;
  const high = area.width * sine + area.height * cosine;
  const scale = limited(Math.min(width / wide, height / high));
  const middle = { x: (area.x ?? 0) + area.width / 2, y: (area.y ?? 0) + area.height / 2 };
  return centred({ ...view, scale }, middle, { x: insets.left + width / 2, y: insets.top + height / 2 });
}

/** The view in which a place of the document lies under a place of the screen. */
function centred(view: View, place: Point, at: Point): View {
  const now = map(affineOf({ ...view, x: 0, y: 0 }), place);
  return { ...view, x: at.x - now.x, y: at.y - now.y };
}

export function toDocument(view: View, point: Point): Point {
  return map(inverse(affineOf(view)), point);
}

export function toScreen(view: View, point: Point): Point {
  return map(affineOf(view), point);
}

/** Which way something points in the document that points this way on the screen. */
export function angleInDocument({ angle, isMirrored }: View, onScreen: number): number {
  const turned = onScreen - angle;
  return isMirrored ? Math.PI - turned : turned;
}

/** Scale by `factor` so that what lies under `at` stays there. */
export function zoomed(view: View, factor: number, at: Point): View {
  const scale = limited(view.scale * factor);
  const ratio = scale / view.scale;
  return { ...view, scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
}

export function panned(view: View, by: Point): View {
  return { ...view, x: view.x + by.x, y: view.y + by.y };
}

/** What lies under `at` stays there. */
export function turned(view: View, by: number, at: Point): View {
  const corner = map(about(at, turn(by)), view);
  const angle = Math.atan2(Math.sin(view.angle + by), Math.cos(view.angle + by));
  return { ...view, ...corner, angle };
}

/** The angle to let a turned view rest at: the next quarter, if that is near. */
export function resting(angle: number): number {
  const quarter = Math.round(angle / QUARTER) * QUARTER;
  return Math.abs(angle - quarter) < STRAIGHT ? quarter : angle;
}

/** Left and right exchanged, as the screen shows them, about a place on it. */
export function mirrored(view: View, at: Point): View {
  return { ...view, x: 2 * at.x - view.x, angle: -view.angle, isMirrored: !view.isMirrored };
}

function limited(scale: number): number {
  return Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale));
}
