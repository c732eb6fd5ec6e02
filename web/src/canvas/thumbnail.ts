/** A mask at the size of a swatch. Of a change only the cells beneath are made anew. */

import type { MaskCanvas } from "./mask";
import { DirtyRect, type Rect } from "./rect";

export const THUMBNAIL_PX = 56;
/** Of a cell that many samples a side are taken; masks may be large. */
const SAMPLES = 8;

export class Thumbnail {
  readonly width: number;
  readonly height: number;
  /** Rows from the top. */
  readonly alpha: Uint8Array;
  readonly #mask: MaskCanvas;
  readonly #dirty = new DirtyRect();

  constructor(mask: MaskCanvas) {
    const scale = Math.min(1, THUMBNAIL_PX / Math.max(mask.width, mask.height));
    this.width = Math.max(1, Math.round(mask.width * scale));
    this.height = Math.max(1, Math.round(mask.height * scale));
    this.alpha = new Uint8Array(this.width * this.height);
    this.#mask = mask;
    this.#dirty.add(mask.bounds);
  }

  changed(rect: Rect): void {
    this.#dirty.add(rect);
  }

  /** The cells that were made anew, in pixels of the thumbnail; null where nothing had changed. */
  update(): Rect | null {
    const rect = this.#dirty.take();
    if (!rect) return null;
    const [across, down] = [this.#mask.width / this.width, this.#mask.height / this.height];
    const [left, top] = [Math.floor(rect.x / across), Math.floor(rect.y / down)];
    const right = Math.min(this.width, Math.ceil((rect.x + rect.width) / across));
    const bottom = Math.min(this.height, Math.ceil((rect.y + rect.height) / down));
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) this.alpha[y * this.width + x] = this.#mean(x * across, y * down, across, down);
    }
    return { x: left, y: top, width: right - left, height: bottom - top };
  }

  #mean(left: number, top: number, across: number, down: number): number {
    const { alpha, width } = this.#mask;
    const [columns, rows] = [Math.min(SAMPLES, Math.ceil(across)), Math.min(SAMPLES, Math.ceil(down))];
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      const y = Math.floor(top + ((row + 0.5) * down) / rows);
      for (let column = 0; column < columns; column++) sum += alpha[y * width + Math.floor(left + ((column + 0.5) * across) / columns)] as number;
    }
    return Math.round(sum / (rows * columns));
  }
}
