/** The window onto the document: fitted between the panels until somebody zooms or moves it. */

import type { Extent } from "../wire.gen";
import { fit, type Insets, panned, type Point, toDocument, type View, zoomed } from "./view";

const ZOOM_STEP = 1.25;

export class Viewport {
  #view: View = { scale: 1, x: 0, y: 0 };
  #extent: Extent | null = null;
  #isFitted = true;
  readonly #desk: HTMLElement;
  readonly #insets: () => Insets;
  readonly #changed: (view: View) => void;

  constructor(desk: HTMLElement, insets: () => Insets, changed: (view: View) => void) {
    this.#desk = desk;
    this.#insets = insets;
    this.#changed = changed;
    new ResizeObserver(() => this.refit()).observe(desk);
  }

  get scale(): number {
    return this.#view.scale;
  }

  toDocument(point: Point): Point {
    return toDocument(this.#view, point);
  }

  /** Another document lies on the desk. */
  open(extent: Extent): void {
    this.#extent = extent;
    this.fit();
  }

  fit(): void {
    this.#isFitted = true;
    this.refit();
  }

  zoomBy(factor: number, at: Point = this.#middle()): void {
    this.#show(zoomed(this.#view, factor, at));
  }

  zoomTo(scale: number): void {
    this.zoomBy(scale / this.#view.scale);
  }

  zoomIn(): void {
    this.zoomBy(ZOOM_STEP);
  }

  zoomOut(): void {
    this.zoomBy(1 / ZOOM_STEP);
  }

  panBy(by: Point): void {
    this.#show(panned(this.#view, by));
  }

  #middle(): Point {
    return { x: this.#desk.clientWidth / 2, y: this.#desk.clientHeight / 2 };
  }

  /** The free space between the panels has changed; where somebody has zoomed, the view stays. */
  refit(): void {
    if (!this.#extent || !this.#isFitted) return;
    const [width, height] = this.#extent;
    const window = { width: this.#desk.clientWidth, height: this.#desk.clientHeight };
    this.#view = fit({ width, height }, window, this.#insets());
    this.#changed(this.#view);
  }

  #show(view: View): void {
    this.#isFitted = false;
    this.#view = view;
    this.#changed(view);
  }
}
