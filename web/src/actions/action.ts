/** What a painter can ask for by a key, a button or the palette: one value, named once, in both languages. */

import type { Easel } from "../easel";
import type { FileDesk } from "../filedesk";
import type { RegionDesk } from "../regiondesk.svelte";
import type { Studio } from "../studio.svelte";
import type { WordKey } from "../words";

/** What an action may act on. */
export interface Desk {
  readonly studio: Studio;
  readonly easel: Easel;
  readonly files: FileDesk;
  readonly regions: RegionDesk;
  newBrush(): void;
}

export interface Action {
  /** Its name for ever: keys that a painter has bound are kept by it. Its label is the word of this key. */
  readonly id: WordKey;
  /** The keys that it has until a painter gives it others. */
  readonly chords: readonly string[];
  readonly press: (desk: Desk, chord: string) => void;
  /** Present for keys that act while they are held. */
  readonly release?: (desk: Desk) => void;
  /** Goes on while the key is held down; all others act once a press. */
  readonly repeats?: boolean;
  /** Only while no control has the focus that this key would work. */
  readonly needsStage?: boolean;
  /** Also while a text field has the focus; for keys that mean nothing in text. */
  readonly inFields?: boolean;
}
