/** Where the document lies on the screen: `scale` CSS pixels per document pixel, and the place of its corner. */

export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
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

export const MIN_SCALE = 0.05;
export const MAX_SCALE = 32;

export function fit(document: Size, window: Size, insets: Insets): View {
  const width = Math.max(40, window.width - insets.left - insets.right);
  const height = Math.max(40, window.height - insets.top - insets.bottom);
  const scale = limited(Math.min(width / document.width, height / document.height));
  return {
    scale,
    x: insets.left + (width - scale * document.width) / 2,
    y: insets.top + (height - scale * document.height) / 2,
  };
}

export function toDocument(view: View, point: Point): Point {
  return { x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale };
}

/** Scale by `factor` so that what lies under `at` stays there. */
export function zoomed(view: View, factor: number, at: Point): View {
  const scale = limited(view.scale * factor);
  const ratio = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
}

export function panned(view: View, by: Point): View {
  return { ...view, x: view.x + by.x, y: view.y + by.y };
}

function limited(scale: number): number {
  return Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale));
}
