/** A stroke in progress: samples go in, masks change, and what was there before is kept by tiles. */

import type { MaskCanvas, Tiles } from "./mask";
import { type Sample, stamp, sweptRect, type Tip } from "./stamp";

export interface Painted {
  readonly brush_id: string;
  readonly before: Tiles;
}

export class Stroke {
  readonly tip: Tip;
  readonly #targets: readonly { brush_id: string; mask: MaskCanvas; before: Map<number, Uint8Array> }[];
  #last: Sample | null = null;

  constructor(tip: Tip, masks: ReadonlyMap<string, MaskCanvas>) {
    this.tip = tip;
    this.#targets = [...masks].map(([brush_id, mask]) => ({ brush_id, mask, before: new Map() }));
  }

  add(sample: Sample): void {
    const from = this.#last ?? sample;
    this.#last = sample;
    for (const { mask, before } of this.#targets) {
      const rect = sweptRect(mask, this.tip, from, sample);
      if (!rect) continue;
      mask.keep(rect, before);
      stamp(mask, this.tip, from, sample);
    }
  }

  /** What the stroke changed: only tiles whose pixels differ from before. */
  finish(): Painted[] {
    return this.#targets.flatMap(({ brush_id, mask, before }) => {
      const changed = [...before].filter(([index, pixels]) => !sameBytes(pixels, mask.copy(mask.tileRect(index))));
      return changed.length > 0 ? [{ brush_id, before: new Map(changed) }] : [];
    });
  }

  cancel(): void {
    for (const { mask, before } of this.#targets) mask.swap(before);
  }
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
