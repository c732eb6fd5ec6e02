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

function area({ width, height }: Rect): number {
  return width * height;
}

/** Collects what changed until somebody takes it, in a few rectangles: what lies far apart is not joined by all between. */
export class DirtyRects {
  readonly #most: number;
  #rects: Rect[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get isEmpty(): boolean {
    return this.#rects.length === 0;
  }

  add(rect: Rect): void {
    let joined = rect;
    let rest = this.#rects;
    for (let other = near(rest, joined); other; other = near(rest, joined)) {
      rest = rest.filter((kept) => kept !== other);
      joined = union(joined, other) as Rect;
    }
    this.#rects = [...rest, joined];
    if (this.#rects.length > this.#most) this.#joinCheapest();
  }

  take(): readonly Rect[] {
    const rects = this.#rects;
    this.#rects = [];
    return rects;
  }

  #joinCheapest(): void {
    const pairs = this.#rects.flatMap((a, index) => this.#rects.slice(index + 1).map((b) => [a, b, waste(a, b)] as const));
    const [a, b] = pairs.reduce((best, pair) => (pair[2] < best[2] ? pair : best));
    this.#rects = this.#rects.filter((rect) => rect !== a && rect !== b);
    this.add(union(a, b) as Rect);
  }
}

/** One with which there is little else in the joint rectangle. */
function near(rects: readonly Rect[], rect: Rect): Rect | undefined {
  return rects.find((other) => waste(other, rect) <= 0.25 * (area(other) + area(rect)));
}

/** Pixels of the joint rectangle that belong to neither; below zero where both overlap. */
function waste(a: Rect, b: Rect): number {
  return area(union(a, b) as Rect) - area(a) - area(b);
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
