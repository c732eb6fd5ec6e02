/** The painted area of one layer: one byte per pixel, 0 = bare, 255 = fully painted, rows from the top. */

import { DirtyRects, type Rect } from "./rect";

export const TILE_PX = 64;
export const BLANK = 1;
export const FULL = 2;
export const MIXED = 3;
export type TileKind = typeof BLANK | typeof FULL | typeof MIXED;

/** Pixels of whole tiles, by tile index; what undo keeps of a stroke. */
export type Tiles = ReadonlyMap<number, Uint8Array>;

export class MaskCanvas {
  readonly width: number;
  readonly height: number;
  readonly alpha: Uint8Array;
  /** Changed and not yet sent to the server. */
  readonly unsent = new DirtyRects(4);
  /** Changed and not yet drawn on the overlay. */
  readonly undrawn = new DirtyRects(8);

  /** Of each tile: 0 not known, or what it is. */
  readonly #kinds: Uint8Array;
  readonly #watchers = new Set<(rect: Rect) => void>();
  #version = 0;
  #painted: { version: number; rect: Rect | null } | null = null;

  constructor(width: number, height: number, alpha?: Uint8Array) {
    if (alpha && alpha.length !== width * height) throw new Error(`${width}x${height} mask of ${alpha.length} bytes`);
    this.width = width;
    this.height = height;
    this.alpha = alpha ?? new Uint8Array(width * height);
    this.#kinds = new Uint8Array(Math.ceil(width / TILE_PX) * Math.ceil(height / TILE_PX));
  }

  get bounds(): Rect {
    return { x: 0, y: 0, width: this.width, height: this.height };
  }

  get isBlank(): boolean {
    return this.alpha.every((value) => value === 0);
  }

  /** The smallest rectangle that holds all paint; null where there is none. */
  get paintedRect(): Rect | null {
    if (this.#painted?.version !== this.#version) this.#painted = { version: this.#version, rect: this.#findPainted() };
    return this.#painted.rect;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  touch(rect: Rect): void {
    this.#version++;
    for (const index of this.tilesIn(rect)) this.#kinds[index] = 0;
    this.unsent.add(rect);
    this.undrawn.add(rect);
    for (const changed of this.#watchers) changed(rect);
  }

  /** Hear of every change; returns what ends it. */
  watch(changed: (rect: Rect) => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }

  #findPainted(): Rect | null {
    const { width, height, alpha } = this;
    let [left, right, top, bottom] = [width, 0, height, 0];
    for (let y = 0, at = 0; y < height; y++) {
      const end = at + width;
      let first = at;
      while (first < end && alpha[first] === 0) first++;
      at = end;
      if (first === end) continue;
      let last = end - 1;
      while (alpha[last] === 0) last--;
      [top, bottom] = [Math.min(top, y), y + 1];
      left = Math.min(left, first - (end - width));
      right = Math.max(right, last - (end - width) + 1);
    }
    return bottom > 0 ? { x: left, y: top, width: right - left, height: bottom - top } : null;
  }

  copy(rect: Rect): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(rect.width * rect.height);
    for (let row = 0; row < rect.height; row++) {
      const start = (rect.y + row) * this.width + rect.x;
      out.set(this.alpha.subarray(start, start + rect.width), row * rect.width);
    }
    return out;
  }

  paste(rect: Rect, pixels: Uint8Array): void {
    for (let row = 0; row < rect.height; row++) {
      const start = row * rect.width;
      this.alpha.set(pixels.subarray(start, start + rect.width), (rect.y + row) * this.width + rect.x);
    }
    this.touch(rect);
  }

  /** Put the tiles in and return what they replaced: the inverse of itself. */
  swap(tiles: Tiles): Tiles {
    const replaced = new Map<number, Uint8Array>();
    for (const [index, pixels] of tiles) {
      const rect = this.tileRect(index);
      replaced.set(index, this.copy(rect));
      this.paste(rect, pixels);
    }
    return replaced;
  }

  /** What a tile is as a whole; looked at once after it has changed. */
  tileKind(index: number): TileKind {
    const known = this.#kinds[index] as number;
    const kind = known === 0 ? this.#look(index) : (known as TileKind);
    this.#kinds[index] = kind;
    return kind;
  }

  #look(index: number): TileKind {
    const { x, y, width, height } = this.tileRect(index);
    const first = this.alpha[y * this.width + x] as number;
    if (first !== 0 && first !== 255) return MIXED;
    for (let row = y; row < y + height; row++) {
      for (let at = row * this.width + x, end = at + width; at < end; at++) if (this.alpha[at] !== first) return MIXED;
    }
    return first === 0 ? BLANK : FULL;
  }

  tileRect(index: number): Rect {
    const columns = Math.ceil(this.width / TILE_PX);
    const x = (index % columns) * TILE_PX;
    const y = Math.floor(index / columns) * TILE_PX;
    return { x, y, width: Math.min(TILE_PX, this.width - x), height: Math.min(TILE_PX, this.height - y) };
  }

  tilesIn(rect: Rect): number[] {
    const columns = Math.ceil(this.width / TILE_PX);
    const indices: number[] = [];
    for (let row = Math.floor(rect.y / TILE_PX); row * TILE_PX < rect.y + rect.height; row++) {
      for (let column = Math.floor(rect.x / TILE_PX); column * TILE_PX < rect.x + rect.width; column++) {
        indices.push(row * columns + column);
      }
    }
    return indices;
  }

  /** Keep the tiles under `rect` in `kept`, unless they are there already. */
  keep(rect: Rect, kept: Map<number, Uint8Array>): void {
    for (const index of this.tilesIn(rect)) {
      if (!kept.has(index)) kept.set(index, this.copy(this.tileRect(index)));
    }
  }
}
