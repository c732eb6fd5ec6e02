/** Masks as people see them: colour where something is painted. Only the rectangles that changed are drawn. */

import { BLANK, FULL, type MaskCanvas } from "./mask";
import type { Pattern } from "./patterns";
import { DirtyRects, intersect, type Rect } from "./rect";

export interface Ink {
  readonly mask: MaskCanvas;
  /** "#rrggbb" */
  readonly color: string;
  /** What tells it apart besides its colour. */
  readonly pattern?: Pattern | undefined;
}

const PLAIN: Pattern = { side: 1, cells: Uint8Array.of(1) };

type Rgb = readonly [number, number, number];

export function rgbOf(color: string): Rgb {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Straight RGBA of the inks in a rectangle, the first at the bottom. Tiles that an ink leaves bare cost nothing. */
export function blend(inks: readonly Ink[], rect: Rect): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(4 * rect.width * rect.height);
  const grid = inks[0]?.mask;
  for (const index of grid?.tilesIn(rect) ?? []) {
    const part = grid && intersect(rect, grid.tileRect(index));
    if (part) for (const ink of seenIn(inks, index)) lay(ink, part, rect, out);
  }
  return out;
}

/** Those that have paint there, from the topmost one up that hides all others. */
function seenIn(inks: readonly Ink[], index: number): readonly Ink[] {
  const lowest = inks.findLastIndex(({ mask, pattern }) => !pattern && mask.tileKind(index) === FULL);
  return inks.slice(Math.max(0, lowest)).filter(({ mask }) => mask.tileKind(index) !== BLANK);
}

/** Between the marks of a pattern, ink is this strong. */
const FAINT = 0.3;

/** Lay the part of an ink over what `out` holds of the rectangle. */
function lay({ mask, color, pattern }: Ink, part: Rect, rect: Rect, out: Uint8ClampedArray<ArrayBuffer>): void {
  const rgb = rgbOf(color);
  const pixels = new Uint32Array(out.buffer);
  const ink = rgb[0] | (rgb[1] << 8) | (rgb[2] << 16); // bytes of a number stand the smallest first wherever browsers run
  const full = (ink | (255 << 24)) >>> 0;
  const { side, cells } = pattern ?? PLAIN;
  for (let y = part.y; y < part.y + part.height; y++) {
    const line = (y % side) * side;
    let from = y * mask.width + part.x;
    let at = (y - rect.y) * rect.width + part.x - rect.x;
    for (let x = part.x; x < part.x + part.width; x++, from++, at++) {
      const alpha = mask.alpha[from] as number;
      if (alpha === 0) continue;
      const isMark = side === 1 || cells[line + (x % side)] === 1;
      if (isMark && alpha === 255) pixels[at] = full;
      else if (pixels[at] === 0) pixels[at] = (ink | ((isMark ? alpha : alpha * FAINT) << 24)) >>> 0;
      else over(out, 4 * at, rgb, (alpha / 255) * (isMark ? 1 : FAINT));
    }
  }
}

function over(out: Uint8ClampedArray, at: number, rgb: Rgb, alpha: number): void {
  const below = ((out[at + 3] as number) / 255) * (1 - alpha);
  const total = alpha + below;
  for (let channel = 0; channel < 3; channel++) {
    out[at + channel] = ((rgb[channel] as number) * alpha + (out[at + channel] as number) * below) / total;
  }
  out[at + 3] = 255 * total;
}

/** A canvas of the document's size that shows some inks. */
export class Overlay {
  readonly #canvas: HTMLCanvasElement;
  #inks: readonly Ink[] = [];
  readonly #stale = new DirtyRects(8);
  /** How many pixels were drawn so far. */
  drawn_px = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  /** Show these inks from now on; everything is drawn anew when they or the size are others than before. */
  show(inks: readonly Ink[], width: number, height: number): void {
    const isSame =
      inks.length === this.#inks.length &&
      inks.every((ink, index) => isEqual(ink, this.#inks[index]));
    const fits = this.#canvas.width === width && this.#canvas.height === height;
    if (isSame && fits) return;
    if (!fits) [this.#canvas.width, this.#canvas.height] = [width, height];
    this.#inks = inks;
    this.#stale.add({ x: 0, y: 0, width, height });
  }

  changed(mask: MaskCanvas, rect: Rect): void {
    if (this.#inks.some((ink) => ink.mask === mask)) this.#stale.add(rect);
  }

  draw(): void {
    const { width, height } = this.#canvas;
    for (const stale of this.#stale.take()) {
      const rect = intersect(stale, { x: 0, y: 0, width, height });
      if (rect) this.#redraw(rect);
    }
  }

  #redraw(rect: Rect): void {
    this.drawn_px += rect.width * rect.height;
    const pixels = new ImageData(blend(this.#inks, rect), rect.width, rect.height);
    this.#canvas.getContext("2d")?.putImageData(pixels, rect.x, rect.y);
  }
}

function isEqual(ink: Ink, other: Ink | undefined): boolean {
  return ink.mask === other?.mask && ink.color === other.color && ink.pattern === other.pattern;
}
