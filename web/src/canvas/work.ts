/** Masks under work: tools change them, what was there before is kept by tiles, and all of it can be taken back. */

import type { Cover } from "./cover";
import { BLANK, FULL, type MaskCanvas, type Tiles } from "./mask";
import { intersect, type Rect } from "./rect";
import { mixed, type Sample, stamp, sweptRect, type Tip } from "./stamp";

export interface Painted {
  readonly brush_id: string;
  readonly before: Tiles;
}

interface Target {
  readonly brush_id: string;
  readonly mask: MaskCanvas;
  readonly before: Map<number, Uint8Array>;
}

export class Work {
  /** How many pixels tools have looked at; what a piece of a stroke costs. */
  static touched_px = 0;
  readonly #targets: readonly Target[];

  constructor(masks: ReadonlyMap<string, MaskCanvas>) {
    this.#targets = [...masks].map(([brush_id, mask]) => ({ brush_id, mask, before: new Map() }));
  }

  get masks(): readonly MaskCanvas[] {
    return this.#targets.map(({ mask }) => mask);
  }

  /** One piece of a stroke. */
  stamp(tip: Tip, from: Sample, to: Sample = from): void {
    for (const { mask, before } of this.#targets) {
      const rect = sweptRect(mask, tip, from, to);
      if (!rect || isDone(mask, rect, tip.erases)) continue;
      mask.keep(rect, before);
      stamp(mask, tip, from, to);
      Work.touched_px += rect.width * rect.height;
    }
  }

  /** Paint or erase an area; `opacity` is the level that it reaches. */
  fill({ rect, alpha }: Cover, opacity: number, erases: boolean): void {
    const masks = this.masks.filter((mask) => !isDone(mask, intersect(rect, mask.bounds) ?? mask.bounds, erases));
    this.change(rect, (old, index) => mixed(old, (alpha[index] as number) * opacity, 1, erases), masks);
  }

  /** Write a rectangle anew: `value` is told the old byte and its place in the rectangle, counted by rows. */
  change(rect: Rect, value: (old: number, index: number) => number, masks: readonly MaskCanvas[] = this.masks): void {
    for (const { mask, before } of this.#targets) {
      const inside = intersect(rect, mask.bounds);
      if (!inside || !masks.includes(mask)) continue;
      mask.keep(inside, before);
      for (let row = 0; row < inside.height; row++) {
        let at = (inside.y + row) * mask.width + inside.x;
        let index = (inside.y - rect.y + row) * rect.width + inside.x - rect.x;
        for (let column = 0; column < inside.width; column++, at++, index++) {
          mask.alpha[at] = value(mask.alpha[at] as number, index);
        }
      }
      mask.touch(inside);
      Work.touched_px += inside.width * inside.height;
    }
  }

  /** Everything as it was before, and the work goes on. */
  restore(): void {
    for (const { mask, before } of this.#targets) {
      mask.swap(before);
      before.clear();
    }
  }

  /** What the work changed: only tiles whose pixels differ from before. */
  finish(): Painted[] {
    return this.#targets.flatMap(({ brush_id, mask, before }) => {
      const changed = [...before].filter(([index, pixels]) => !sameBytes(pixels, mask.copy(mask.tileRect(index))));
      return changed.length > 0 ? [{ brush_id, before: new Map(changed) }] : [];
    });
  }
}

/** Nothing is left to paint there, or to erase. */
function isDone(mask: MaskCanvas, rect: Rect, erases: boolean): boolean {
  return mask.tilesIn(rect).every((index) => mask.tileKind(index) === (erases ? BLANK : FULL));
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
