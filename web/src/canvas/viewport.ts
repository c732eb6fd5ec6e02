/** The window onto the document: fitted between the panels until somebody zooms or moves it. */

import type { Extent } from "../wire.gen";
import { fit, type Insets, mirrored, panned, type Point, resting, type Size, toDocument, toScreen, turned, UPRIGHT, type View, zoomed } from "./view";

const ZOOM_STEP = 1.25;
/** An area is shown with this much around it. */
const MARGIN = 1.25;

export class Viewport {
  #view: View = UPRIGHT;
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

  get view(): View {
    return this.#view;
  }

  toDocument(point: Point): Point {
    return toDocument(this.#view, point);
  }

  toScreen(point: Point): Point {
    return toScreen(this.#view, point);
  }

  /** Another document lies on the desk. */
  open(extent: Extent): void {
    this.#extent = extent;
    this.fit();
  }

  /** Show an area of the document, with something around it. */
  fitArea({ x, y, width, height }: Size & Point): void {
    const [wide, high] = [width * MARGIN, height * MARGIN];
    const area = { x: x - (wide - width) / 2, y: y - (high - height) / 2, width: wide, height: high };
    this.#show(fit(area, this.#window(), this.#insets(), this.#view));
  }

  turnBy(angle: number, at: Point = this.#middle()): void {
    this.#show(turned(this.#view, angle, at));
  }

  /** A hand has let go of a view that it turned: almost straight is straight. */
  settle(): void {
    const angle = resting(this.#view.angle);
    if (angle !== this.#view.angle) this.turnBy(angle - this.#view.angle);
  }

  /** Upright again; mirrored or not as before. */
  straighten(): void {
    if (this.#isFitted) this.#view = { ...this.#view, angle: 0 };
    else this.turnBy(-this.#view.angle);
    this.refit();
  }

  /** Upright and not mirrored. */
  setUpright(): void {
    if (this.#view.isMirrored) this.mirror();
    this.straighten();
  }

  mirror(): void {
    const isFitted = this.#isFitted;
    this.#show(mirrored(this.#view, this.#middle()));
    this.#isFitted = isFitted;
    this.refit();
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
    this.#view = fit({ width, height }, this.#window(), this.#insets(), this.#view);
    this.#changed(this.#view);
  }

  #window(): Size {
    return { width: this.#desk.clientWidth, height: this.#desk.clientHeight };
  }

  #show(view: View): void {
    this.#isFitted = false;
    this.#view = view;
    this.#changed(view);
  }
}
