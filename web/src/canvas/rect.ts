/** Rectangles in whole document pixels. Empty ones do not exist: their place is taken by null. */

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function intersect(a: Rect, b: Rect): Rect | null {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

export function union(a: Rect | null, b: Rect | null): Rect | null {
  if (!a || !b) return a ?? b;
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  const right = Math.max(a.x + a.width, b.x + b.width);
  const bottom = Math.max(a.y + a.height, b.y + b.height);
  return { x, y, width: right - x, height: bottom - y };
}

/** Collects what changed until somebody takes it. */
export class DirtyRect {
  #rect: Rect | null = null;

  get isEmpty(): boolean {
    return this.#rect === null;
  }

  add(rect: Rect | null): void {
    this.#rect = union(this.#rect, rect);
  }

  take(): Rect | null {
    const rect = this.#rect;
    this.#rect = null;
    return rect;
  }
}
