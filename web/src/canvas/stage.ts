/** What lies on the desk: the picture, the strokes above it, the ring of the brush. The compositor scales and fades. */

import type { Extent } from "../wire.gen";
import type { Guide } from "./guides";
import type { MaskCanvas } from "./mask";
import { type Ink, Overlay } from "./overlay";
import type { Point, View } from "./view";

export interface StageElements {
  readonly sheet: HTMLElement;
  readonly picture: HTMLCanvasElement;
  readonly all: HTMLCanvasElement;
  readonly active: HTMLCanvasElement;
  readonly ring: HTMLElement;
  /** One path of each: twice drawn, dark below light, so that they are seen on any picture. */
  readonly guides: SVGElement;
  /** Holds the words of brushes. */
  readonly labels: HTMLElement;
}

/** Words over the middle of what they name. */
export interface Label {
  readonly text: string;
  readonly color: string;
  /** On the screen. */
  readonly at: Point;
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
  /** How many times as long as wide, and where to (radians on the screen). */
  readonly elongation: number;
  readonly angle: number;
  readonly color: string;
  readonly softness: number;
  readonly erases: boolean;
}

const HANDLE_PX = 4.5;

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

  get drawn_px(): number {
    return this.#all.drawn_px + this.#active.drawn_px;
  }

  setView(view: View, [width, height]: Extent): void {
    const { style } = this.#elements.sheet;
    style.width = `${width}px`;
    style.height = `${height}px`;
    style.transform = `translate(${view.x}px, ${view.y}px) rotate(${view.angle}rad) scale(${view.isMirrored ? -view.scale : view.scale}, ${view.scale})`;
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
      for (const rect of mask.undrawn.take()) {
        this.#all.changed(mask, rect);
        this.#active.changed(mask, rect);
      }
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
    const { style, dataset } = this.#elements.ring;
    style.visibility = ring ? "visible" : "hidden";
    if (!ring) return;
    const { at, diameter, color, softness } = ring;
    const wide = diameter * ring.elongation;
    style.width = `${wide}px`;
    style.height = `${diameter}px`;
    style.transform = `translate(${at.x - wide / 2}px, ${at.y - diameter / 2}px) rotate(${ring.angle}rad)`;
    style.setProperty("--ink", color);
    style.setProperty("--core", `${Math.round(100 * softness)}%`);
    dataset.erases = String(ring.erases);
  }

  setLabels(labels: readonly Label[]): void {
    const { labels: holder } = this.#elements;
    while (holder.children.length > labels.length) holder.lastElementChild?.remove();
    while (holder.children.length < labels.length) holder.append(document.createElement("span"));
    labels.forEach(({ text, color, at }, index) => {
      const element = holder.children[index] as HTMLElement;
      if (element.textContent !== text) element.textContent = text;
      element.style.setProperty("--ink", color);
      element.style.transform = `translate(${at.x}px, ${at.y}px) translate(-50%, -50%)`;
    });
  }

  /** Lines over the picture; `toScreen` puts their points where they are seen. */
  setGuides(guides: readonly Guide[], toScreen: (point: Point) => Point): void {
    for (const kind of ["line", "axis", "handle"] as const) {
      const path = guides.filter((guide) => guide.kind === kind).map((guide) => pathOf(guide, toScreen)).join("");
      for (const element of this.#elements.guides.querySelectorAll(`[data-kind=${kind}]`)) {
        if (element.getAttribute("d") !== path) element.setAttribute("d", path);
      }
    }
  }
}

function pathOf({ kind, points, isClosed }: Guide, toScreen: (point: Point) => Point): string {
  const places = points.map(toScreen);
  if (kind === "handle") {
    return places.slice(0, 1).map(({ x, y }) => `M${x - HANDLE_PX} ${y}a${HANDLE_PX} ${HANDLE_PX} 0 1 0 ${2 * HANDLE_PX} 0a${HANDLE_PX} ${HANDLE_PX} 0 1 0 ${-2 * HANDLE_PX} 0`).join("");
  }
  return places.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("") + (isClosed ? "Z" : "");
}
