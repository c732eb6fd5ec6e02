/** What a tool is: a state machine that gestures drive and that changes masks; the easel only hands it the gestures. */

import type { Affine } from "../canvas/affine";
import type { Guide } from "../canvas/guides";
import type { Sample, Tip } from "../canvas/stamp";
import type { Point } from "../canvas/view";
import type { Work } from "../canvas/work";
import type { WordKey } from "../words";

/** In the order of the tool strip. */
export const TOOLS = ["brush", "eraser", "line", "rectangle", "ellipse", "polygon", "lasso", "fill", "gradient", "move"] as const;
export type ToolName = (typeof TOOLS)[number];

/** What else is held while the pen moves. */
export interface Held {
  readonly shift: boolean;
  readonly alt: boolean;
  /** The pen is turned over. */
  readonly erases: boolean;
}

export interface Tool {
  /** Something waits for its end: a pen is down, or a shape is not closed yet. */
  readonly isBusy: boolean;
  begin(at: Sample, held: Held): void;
  move(at: Sample, held: Held): void;
  end(): void;
  /** The pen is down and has not moved for a while. */
  rest?(): void;
  /** The pen moves without touching. */
  hover?(at: Point): void;
  /** An arrow key, in whole pixels. */
  nudge?(by: Point): void;
  /** Once per frame, after all moves; true while something is still to be shown. */
  show?(): boolean;
  /** What waits becomes part of the picture. */
  finish(): void;
  /** What waits is taken back. */
  cancel(): void;
  /** Lines over the picture, in document pixels. */
  guides(): readonly Guide[];
}

/** What tools work on. */
export interface Paper {
  readonly width: number;
  readonly height: number;
  /** CSS pixels per document pixel: hands measure on the screen. */
  readonly scale: number;
  /** Where a gesture is repeated; the first is the gesture itself. */
  readonly copies: readonly Affine[];
  /** Begin to change what is chosen; null where nothing may be changed. */
  work(): Work | null;
  /** One step that can be undone. What was only moved by whole pixels says by how many: it takes its noise along. */
  commit(label: WordKey, work: Work, moved_px?: Point): void;
  /** The tip as it would touch now; the background takes away from all. */
  tip(held: Held): Tip;
}
