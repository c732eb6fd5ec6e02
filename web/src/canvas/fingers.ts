/** Several fingers on the glass: they move, zoom and turn the view together, or tap. */

import type { Point } from "./view";

export type Navigation =
  | { readonly kind: "pan"; readonly by: Point }
  | { readonly kind: "zoom"; readonly factor: number; readonly at: Point }
  /** Radians, clockwise, about a place on the screen; null is the middle. */
  | { readonly kind: "turn"; readonly by: number; readonly at: Point | null }
  | { readonly kind: "tap"; readonly fingers: number };

const SLOP_PX = 6;
const TAP_MS = 350;
/** A twist below this is a clumsy pinch. */
const TWIST = 0.14;

interface Finger {
  readonly start: Point;
  at: Point;
}

export class Fingers {
  readonly #fingers = new Map<number, Finger>();
  #most = 0;
  #since_ms = 0;
  #hasMoved = false;
  #twist = 0;

  get count(): number {
    return this.#fingers.size;
  }

  down(id: number, at: Point, now_ms: number): void {
    if (this.count === 0) [this.#most, this.#since_ms, this.#hasMoved] = [0, now_ms, false];
    this.#fingers.set(id, { start: at, at });
    this.#most = Math.max(this.#most, this.count);
    this.#twist = 0;
  }

  /** One finger moves; of two, each carries half of the move, and what lies between them is zoom and twist. */
  move(id: number, at: Point): Navigation[] {
    const finger = this.#fingers.get(id);
    if (!finger) return [];
    const before = finger.at;
    if (length(finger.start, at) > SLOP_PX) this.#hasMoved = true;
    else if (!this.#hasMoved) return [];
    finger.at = at;
    const by = { x: at.x - before.x, y: at.y - before.y };
    const other = [...this.#fingers].find(([otherId]) => otherId !== id)?.[1].at;
    return other ? this.#together(other, before, at, by) : [{ kind: "pan", by }];
  }

  /** The last finger of a short tap of several tells how many they were. */
  up(id: number, now_ms: number): Navigation[] {
    if (!this.#fingers.delete(id) || this.count > 0) return [];
    const isTap = this.#most > 1 && !this.#hasMoved && now_ms - this.#since_ms < TAP_MS;
    return isTap ? [{ kind: "tap", fingers: this.#most }] : [];
  }

  clear(): void {
    this.#fingers.clear();
  }

  #together(other: Point, before: Point, at: Point, by: Point): Navigation[] {
    const [short, long] = [length(other, before), length(other, at)];
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    const out: Navigation[] = [{ kind: "pan", by: { x: by.x / 2, y: by.y / 2 } }];
    if (short === 0 || long === 0) return out;
    out.push({ kind: "zoom", factor: long / short, at: middle });
    const turn = angleBetween(other, before, at);
    this.#twist += turn;
    if (Math.abs(this.#twist) > TWIST) out.push({ kind: "turn", by: turn, at: middle });
    return out;
  }
}

/** How far one has to turn about `middle` to get from one place to the other; the short way. */
export function angleBetween(middle: Point, from: Point, to: Point): number {
  const angle = Math.atan2(to.y - middle.y, to.x - middle.x) - Math.atan2(from.y - middle.y, from.x - middle.x);
  return Math.atan2(Math.sin(angle), Math.cos(angle));
}

function length(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
