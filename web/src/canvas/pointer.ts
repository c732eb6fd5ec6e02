/** Mouse, pen and fingers become gestures that wait for the next tick; nothing is computed in an event. */

import type { Point } from "./view";

export type Gesture =
  | { readonly kind: "hover"; readonly at: Point | null }
  | { readonly kind: "begin"; readonly at: Point; readonly pressure: number; readonly erases: boolean; readonly isStraight: boolean }
  | { readonly kind: "draw"; readonly at: Point; readonly pressure: number; readonly event_ms: number }
  | { readonly kind: "end" }
  | { readonly kind: "cancel" }
  | { readonly kind: "pick"; readonly at: Point }
  | { readonly kind: "pan"; readonly by: Point }
  | { readonly kind: "zoom"; readonly factor: number; readonly at: Point }
  | { readonly kind: "resize"; readonly by: Point };

type Mode = "draw" | "pan" | "resize";

const ERASER_BUTTON = 32;
const LINE_PX = 16;

export class Pointer {
  /** Space or the hand tool: a drag moves the view. */
  isPanning = false;
  #gestures: Gesture[] = [];
  #active = new Map<number, Point>();
  #mode: Mode | null = null;
  #hasSeenPen = false;
  /** The pen on the glass; while it is there, a palm and fingers are not. */
  #pen: number | null = null;
  readonly #element: HTMLElement;
  readonly #mark: () => void;

  constructor(element: HTMLElement, mark: () => void) {
    this.#element = element;
    this.#mark = mark;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event, "end"));
    element.addEventListener("pointercancel", (event) => this.#up(event, "cancel"));
    element.addEventListener("pointerleave", () => this.#add({ kind: "hover", at: null }));
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  get isEmpty(): boolean {
    return this.#gestures.length === 0;
  }

  take(): Gesture[] {
    const gestures = this.#gestures;
    this.#gestures = [];
    return gestures;
  }

  #add(gesture: Gesture): void {
    this.#gestures.push(gesture);
    this.#mark();
  }

  #at(event: MouseEvent): Point {
    const box = this.#element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #down(event: PointerEvent): void {
    if (event.pointerType === "touch" && this.#pen !== null) return;
    if (event.pointerType === "pen") this.#penDown(event.pointerId);
    this.#element.setPointerCapture(event.pointerId);
    this.#element.focus({ preventScroll: true });
    event.preventDefault();
    this.#active.set(event.pointerId, this.#at(event));
    if (this.#active.size > 1) return this.#secondFinger();
    this.#mode = this.#modeOf(event);
    if (this.#mode !== "draw") return;
    if (event.altKey) {
      this.#mode = null;
      return this.#add({ kind: "pick", at: this.#at(event) });
    }
    const erases = (event.buttons & ERASER_BUTTON) !== 0;
    this.#add({ kind: "begin", at: this.#at(event), pressure: pressureOf(event), erases, isStraight: event.shiftKey });
  }

  /** What a hand did before its pen came down was no stroke. */
  #penDown(pointerId: number): void {
    this.#hasSeenPen = true;
    this.#pen = pointerId;
    if (this.#mode === "draw") this.#add({ kind: "cancel" });
    this.#active.clear();
  }

  #modeOf(event: PointerEvent): Mode {
    if (event.pointerType === "touch" && this.#hasSeenPen) return "pan";
    if (this.isPanning || event.button === 1) return "pan";
    return event.button === 2 ? "resize" : "draw";
  }

  #secondFinger(): void {
    if (this.#mode === "draw") this.#add({ kind: "cancel" });
    this.#mode = "pan";
  }

  #move(event: PointerEvent): void {
    const at = this.#at(event);
    if (event.pointerType !== "touch") this.#add({ kind: "hover", at });
    const before = this.#active.get(event.pointerId);
    if (!before || !this.#mode) return;
    if (this.#mode === "draw") return this.#draw(event);
    const by = { x: at.x - before.x, y: at.y - before.y };
    if (this.#mode === "resize") this.#add({ kind: "resize", by });
    else this.#navigate(event.pointerId, at, by);
    this.#active.set(event.pointerId, at);
  }

  #draw(event: PointerEvent): void {
    const events = event.getCoalescedEvents();
    for (const part of events.length > 0 ? events : [event]) {
      this.#add({ kind: "draw", at: this.#at(part), pressure: pressureOf(part), event_ms: event.timeStamp });
    }
  }

  /** One finger moves; of two, each carries half of the move and the distance between them is the zoom. */
  #navigate(pointerId: number, at: Point, by: Point): void {
    const other = [...this.#active].find(([id]) => id !== pointerId)?.[1];
    if (!other) return this.#add({ kind: "pan", by });
    const before = distance(other, { x: at.x - by.x, y: at.y - by.y });
    this.#add({ kind: "pan", by: { x: by.x / 2, y: by.y / 2 } });
    if (before > 0) {
      const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
      this.#add({ kind: "zoom", factor: distance(other, at) / before, at: middle });
    }
  }

  #up(event: PointerEvent, kind: "end" | "cancel"): void {
    if (!this.#active.delete(event.pointerId)) return;
    if (event.pointerId === this.#pen) this.#pen = null;
    if (this.#mode === "draw") this.#add({ kind });
    if (this.#active.size === 0) this.#mode = null;
    if (event.pointerType === "touch") this.#add({ kind: "hover", at: null });
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    const travel = -event.deltaY * lines;
    if (event.altKey) return this.#add({ kind: "resize", by: { x: travel / 10, y: 0 } });
    if (event.shiftKey) return this.#add({ kind: "pan", by: { x: travel, y: 0 } });
    const pinchGain = event.ctrlKey ? 5 : 1;
    this.#add({ kind: "zoom", factor: Math.exp((travel * pinchGain) / 600), at: this.#at(event) });
  }
}

function pressureOf(event: PointerEvent): number {
  return event.pointerType === "pen" ? event.pressure : 1;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
