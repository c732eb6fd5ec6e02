/** What keys do for the tool in hand; one short line below the canvas. */

import type { WordKey } from "../words";
import type { ToolName } from "./tool";

/** Keys as the table of actions writes them, and what they do. */
export interface Hint {
  readonly chords: readonly string[];
  readonly does: WordKey;
}

const PICK: Hint = { chords: ["Alt"], does: "hint.pick" };
const HAND: Hint = { chords: ["Space"], does: "hint.hand" };
const SIZE: Hint = { chords: ["[", "]"], does: "hint.size" };
const LINE: Hint = { chords: ["Shift"], does: "hint.line" };
const STRAIGHT: Hint = { chords: ["Shift"], does: "hint.straight" };
const EVEN: Hint = { chords: ["Shift"], does: "hint.even" };
const MIDDLE: Hint = { chords: ["Alt"], does: "hint.middle" };
const FINISH: Hint = { chords: ["Enter"], does: "hint.finish" };
const CANCEL: Hint = { chords: ["Escape"], does: "hint.cancel" };
const NUDGE: Hint = { chords: ["ArrowLeft", "ArrowRight"], does: "hint.nudge" };

const HINTS: Readonly<Record<ToolName, readonly Hint[]>> = {
  brush: [LINE, PICK, HAND, SIZE],
  eraser: [LINE, PICK, HAND, SIZE],
  line: [STRAIGHT, PICK, HAND, SIZE],
  rectangle: [EVEN, MIDDLE, HAND],
  ellipse: [EVEN, MIDDLE, HAND],
  polygon: [STRAIGHT, FINISH, CANCEL, HAND],
  lasso: [STRAIGHT, PICK, HAND],
  fill: [PICK, HAND],
  gradient: [STRAIGHT, PICK, HAND],
  move: [STRAIGHT, NUDGE, FINISH, CANCEL],
};

export function hintsOf(tool: ToolName): readonly Hint[] {
  return HINTS[tool];
}
