/** Mouse, pen and fingers become gestures that wait for the next tick; nothing is computed in an event. */

import { angleBetween, Fingers, type Navigation } from "./fingers";
import type { Tilt } from "./stamp";
import type { Point } from "./view";

/** A pen, a mouse or a finger that paints. */
export interface Touch {
  readonly at: Point;
  readonly pressure: number;
  readonly tilt: Tilt | undefined;
  readonly shift: boolean;
  readonly alt: boolean;
  /** The pen is turned over. */
  readonly erases: boolean;
}

export type Gesture =
  | Navigation
  | { readonly kind: "hover"; readonly at: Point | null; readonly tilt: Tilt | undefined }
  | ({ readonly kind: "begin" } & Touch)
  | ({ readonly kind: "draw"; readonly event_ms: number } & Touch)
  | { readonly kind: "end" }
  | { readonly kind: "cancel" }
  /** The pen is down and has not moved for a while. */
  | { readonly kind: "rest" }
  | { readonly kind: "pick"; readonly at: Point }
  | { readonly kind: "resize"; readonly by: Point };

type Mode = "draw" | "pan" | "turn" | "resize";

const ERASER_BUTTON = 32;
const LINE_PX = 16;
const REST_MS = 550;
const REST_PX = 4;
/** Degrees from upright at which a pen counts as flat. */
const FLAT = 60;

export class Pointer {
  #isPanning = false;
  #gestures: Gesture[] = [];
  readonly #fingers = new Fingers();
  #mode: Mode | null = null;
  #last: Point = { x: 0, y: 0 };
  #hasSeenPen = false;
  /** The pen on the glass; while it is there, a palm and fingers are not. */
  #pen: number | null = null;
  #rest: { at: Point; start: Point; timer: ReturnType<typeof setTimeout> } | null = null;
  readonly #element: HTMLElement;
  readonly #mark: () => void;

  constructor(element: HTMLElement, mark: () => void) {
    this.#element = element;
    this.#mark = mark;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event, "end"));
    element.addEventListener("pointercancel", (event) => this.#up(event, "cancel"));
    element.addEventListener("pointerleave", () => this.#leave());
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** Space is held: a drag moves the view, with Shift it turns it. */
  set isPanning(isPanning: boolean) {
    this.#isPanning = isPanning;
    this.#mark();
  }

  get isEmpty(): boolean {
    return this.#gestures.length === 0;
  }

  /** The view is being moved, or would be. */
  get isNavigating(): boolean {
    return this.#isPanning || this.#mode === "pan" || this.#mode === "turn";
  }

  take(): Gesture[] {
    const gestures = this.#gestures;
    this.#gestures = [];
    return gestures;
  }

  #add(...gestures: readonly Gesture[]): void {
    this.#gestures.push(...gestures);
    if (gestures.length > 0) this.#mark();
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
    this.#last = this.#at(event);
    this.#fingers.down(event.pointerId, this.#last, event.timeStamp);
    if (this.#fingers.count > 1) return this.#secondFinger();
    this.#mode = this.#modeOf(event);
    if (this.#mode !== "draw") return;
    if (event.altKey) return this.#pick(this.#last);
    this.#add({ kind: "begin", ...this.#touch(event) });
    this.#wait(this.#last, event.pointerType === "touch");
  }

  /** What a hand did before its pen came down was no stroke. */
  #penDown(pointerId: number): void {
    this.#hasSeenPen = true;
    this.#pen = pointerId;
    if (this.#mode === "draw") this.#add({ kind: "cancel" });
    this.#fingers.clear();
  }

  #modeOf(event: PointerEvent): Mode {
    if (event.pointerType === "touch" && this.#hasSeenPen) return "pan";
    if (this.#isPanning) return event.shiftKey ? "turn" : "pan";
    if (event.button === 1) return "pan";
    return event.button === 2 ? "resize" : "draw";
  }

  #secondFinger(): void {
    this.#stopWaiting();
    if (this.#mode === "draw") this.#add({ kind: "cancel" });
    this.#mode = "pan";
  }

  #pick(at: Point): void {
    this.#mode = null;
    this.#add({ kind: "pick", at });
  }

  #move(event: PointerEvent): void {
    const at = this.#at(event);
    if (event.pointerType !== "touch") this.#add({ kind: "hover", at, tilt: tiltOf(event) });
    if (this.#fingers.count === 0 || (this.#pen !== null && event.pointerId !== this.#pen)) return;
    if (this.#mode === "draw") return this.#draw(event, at);
    if (this.#mode === "pan") return this.#add(...this.#fingers.move(event.pointerId, at));
    const by = { x: at.x - this.#last.x, y: at.y - this.#last.y };
    if (this.#mode === "turn") this.#add({ kind: "turn", by: angleBetween(this.#middle(), this.#last, at), at: null });
    if (this.#mode === "resize") this.#add({ kind: "resize", by });
    this.#last = at;
  }

  #draw(event: PointerEvent, at: Point): void {
    const events = event.getCoalescedEvents();
    for (const part of events.length > 0 ? events : [event]) {
      this.#add({ kind: "draw", ...this.#touch(part), event_ms: event.timeStamp });
    }
    if (this.#rest && apart(this.#rest.at, at) > REST_PX) this.#wait(at, event.pointerType === "touch", this.#rest.start);
  }

  #up(event: PointerEvent, kind: "end" | "cancel"): void {
    const count = this.#fingers.count;
    const taps = this.#fingers.up(event.pointerId, event.timeStamp);
    if (this.#fingers.count === count) return;
    this.#stopWaiting();
    if (event.pointerId === this.#pen) this.#pen = null;
    if (this.#mode === "draw") this.#add({ kind });
    if (kind === "end") this.#add(...taps);
    if (this.#fingers.count === 0) this.#mode = null;
    this.#mark();
    if (event.pointerType === "touch") this.#leave();
  }

  #leave(): void {
    this.#add({ kind: "hover", at: null, tilt: undefined });
  }

  /** A finger that rests where it came down asks what is painted there; what rests later, rests at the end of a stroke. */
  #wait(at: Point, isFinger: boolean, start: Point = at): void {
    this.#stopWaiting();
    const timer = setTimeout(() => {
      const isPick = isFinger && start === at;
      if (isPick) this.#add({ kind: "cancel" });
      if (isPick) this.#pick(at);
      else this.#add({ kind: "rest" });
    }, REST_MS);
    this.#rest = { at, start, timer };
  }

  #stopWaiting(): void {
    clearTimeout(this.#rest?.timer);
    this.#rest = null;
  }

  #middle(): Point {
    return { x: this.#element.clientWidth / 2, y: this.#element.clientHeight / 2 };
  }

  #touch(event: PointerEvent): Touch {
    return {
      at: this.#at(event),
      pressure: event.pointerType === "pen" ? event.pressure : 1,
      tilt: tiltOf(event),
      shift: event.shiftKey,
      alt: event.altKey,
      erases: (event.buttons & ERASER_BUTTON) !== 0,
    };
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

function tiltOf({ pointerType, tiltX, tiltY }: PointerEvent): Tilt | undefined {
  if (pointerType !== "pen" || (tiltX === 0 && tiltY === 0)) return undefined;
  const lean = Math.min(1, Math.hypot(tiltX, tiltY) / FLAT);
  return { angle: Math.atan2(Math.tan((tiltY * Math.PI) / 180), Math.tan((tiltX * Math.PI) / 180)), lean };
}

function apart(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
