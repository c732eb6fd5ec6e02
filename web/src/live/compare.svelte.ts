/** Another picture over this one: while a key is held, or beside it with a line between them that can be moved. */

import type { Gallery } from "./gallery.svelte";
import type { Snapshot } from "./snapshots";

export class Compare {
  isHeld = $state(false);
  isSplit = $state(false);
  /** Where the line is, 0 to 1; the other picture is left of it. */
  split = $state(0.5);
  /** Chosen in the strip; else it is the one that was kept last. */
  chosen = $state<string | null>(null);
  readonly #gallery: Gallery;

  constructor(gallery: Gallery) {
    this.#gallery = gallery;
  }

  get other(): Snapshot | null {
    return this.#gallery.snapshots.find(({ id }) => id === this.chosen) ?? this.#gallery.newestKept;
  }

  get isShown(): boolean {
    return (this.isHeld || this.isSplit) && this.other !== null;
  }

  /** Share of the width, from the left, that the other picture covers. */
  get share(): number {
    return this.isHeld ? 1 : this.split;
  }

  /** Beside this one of the strip, or no longer. */
  choose(id: string): void {
    this.isSplit = !(this.isSplit && this.other?.id === id);
    this.chosen = id;
  }

  moveTo(split: number): void {
    this.split = Math.min(1, Math.max(0, split));
  }
}
