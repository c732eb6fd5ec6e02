/** Masks as people see them: colour where something is painted. Only the rectangles that changed are drawn. */

import type { MaskCanvas } from "./mask";
import { intersect, type Rect, union } from "./rect";

export interface Ink {
  readonly mask: MaskCanvas;
  /** "#rrggbb" */
  readonly color: string;
}

type Rgb = readonly [number, number, number];

export function rgbOf(color: string): Rgb {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Straight RGBA of the inks in a rectangle, the first at the bottom. */
export function blend(inks: readonly Ink[], rect: Rect): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(4 * rect.width * rect.height);
  for (const ink of inks) lay(ink, rect, out);
  return out;
}

function lay({ mask, color }: Ink, rect: Rect, out: Uint8ClampedArray<ArrayBuffer>): void {
  const rgb = rgbOf(color);
  const pixels = new Uint32Array(out.buffer);
  const full = new Uint32Array(new Uint8Array([...rgb, 255]).buffer)[0] as number;
  for (let row = 0; row < rect.height; row++) {
    const start = (rect.y + row) * mask.width + rect.x;
    for (let column = 0; column < rect.width; column++) {
      const alpha = mask.alpha[start + column] as number;
      if (alpha === 0) continue;
      const at = row * rect.width + column;
      if (alpha === 255) pixels[at] = full;
      else over(out, 4 * at, rgb, alpha / 255);
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
  #stale: Rect | null = null;
  /** How many pixels were drawn so far. */
  drawn_px = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  /** Show these inks from now on; everything is drawn anew when they or the size are others than before. */
  show(inks: readonly Ink[], width: number, height: number): void {
    const isSame =
      inks.length === this.#inks.length &&
      inks.every((ink, index) => ink.mask === this.#inks[index]?.mask && ink.color === this.#inks[index]?.color);
    const fits = this.#canvas.width === width && this.#canvas.height === height;
    if (isSame && fits) return;
    if (!fits) [this.#canvas.width, this.#canvas.height] = [width, height];
    this.#inks = inks;
    this.#stale = { x: 0, y: 0, width, height };
  }

  changed(mask: MaskCanvas, rect: Rect): void {
    if (this.#inks.some((ink) => ink.mask === mask)) this.#stale = union(this.#stale, rect);
  }

  draw(): void {
    const { width, height } = this.#canvas;
    const rect = this.#stale && intersect(this.#stale, { x: 0, y: 0, width, height });
    this.#stale = null;
    if (!rect) return;
    this.drawn_px += rect.width * rect.height;
    const pixels = new ImageData(blend(this.#inks, rect), rect.width, rect.height);
    this.#canvas.getContext("2d")?.putImageData(pixels, rect.x, rect.y);
  }
}
