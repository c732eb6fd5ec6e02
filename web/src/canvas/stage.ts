/** What lies on the desk: the picture, the strokes above it, the ring of the brush. The compositor scales and fades. */

import type { Extent } from "../wire.gen";
import type { MaskCanvas } from "./mask";
import { type Ink, Overlay } from "./overlay";
import type { Point, View } from "./view";

export interface StageElements {
  readonly sheet: HTMLElement;
  readonly picture: HTMLCanvasElement;
  readonly all: HTMLCanvasElement;
  readonly active: HTMLCanvasElement;
  readonly ring: HTMLElement;
}

/** How strongly each sheet is seen, 0 to 1. */
export interface Levels {
  readonly picture: number;
  readonly all: number;
  readonly active: number;
}

export interface Ring {
  readonly at: Point;
  readonly diameter: number;
  readonly color: string;
  readonly softness: number;
}

export class Stage {
  readonly #elements: StageElements;
  readonly #all: Overlay;
  readonly #active: Overlay;
  #levels: Levels = { picture: 1, all: 0, active: 0 };

  constructor(elements: StageElements) {
    this.#elements = elements;
    this.#all = new Overlay(elements.all);
    this.#active = new Overlay(elements.active);
  }

  setView(view: View, [width, height]: Extent): void {
    const { style } = this.#elements.sheet;
    style.width = `${width}px`;
    style.height = `${height}px`;
    style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
    style.setProperty("--hairline", `${1 / view.scale}px`);
  }

  setLevels(levels: Levels): void {
    const { picture, all, active } = levels;
    this.#levels = levels;
    this.#elements.picture.style.opacity = String(picture);
    this.#elements.all.style.opacity = String(all);
    this.#elements.active.style.opacity = String(active);
  }

  setInks(all: readonly Ink[], active: readonly Ink[], [width, height]: Extent): void {
    this.#all.show(all, width, height);
    this.#active.show(active, width, height);
  }

  /** Draw what changed on the masks since the last call, on the sheets that are to be seen. */
  drawMasks(masks: Iterable<MaskCanvas>): void {
    for (const mask of masks) {
      const rect = mask.undrawn.take();
      if (!rect) continue;
      this.#all.changed(mask, rect);
      this.#active.changed(mask, rect);
    }
    if (this.#levels.all > 0) this.#all.draw();
    if (this.#levels.active > 0) this.#active.draw();
  }

  showPicture(bitmap: ImageBitmap): void {
    const { picture } = this.#elements;
    if (picture.width !== bitmap.width || picture.height !== bitmap.height) {
      [picture.width, picture.height] = [bitmap.width, bitmap.height];
    }
    picture.getContext("2d")?.drawImage(bitmap, 0, 0);
  }

  /** The pixels that are shown now. */
  pixels(): ImageData | null {
    const { picture } = this.#elements;
    return picture.getContext("2d")?.getImageData(0, 0, picture.width, picture.height) ?? null;
  }

  setRing(ring: Ring | null): void {
    const { style } = this.#elements.ring;
    style.visibility = ring ? "visible" : "hidden";
    if (!ring) return;
    const { at, diameter, color, softness } = ring;
    style.width = style.height = `${diameter}px`;
    style.transform = `translate(${at.x - diameter / 2}px, ${at.y - diameter / 2}px)`;
    style.setProperty("--ink", color);
    style.setProperty("--core", `${Math.round(100 * softness)}%`);
  }
}
