/** Edits on their way up: typing is held for a moment and merged, painted rectangles are cut from the masks. */

import type { Masks } from "../document/document";
import type { Command, PaintMask } from "../wire.gen";

const TYPING_MS = 220;

export class Outgoing {
  #commands: Command[] = [];
  #due_ms = 0;

  get isEmpty(): boolean {
    return this.#commands.length === 0;
  }

  add(command: Command, now_ms: number): void {
    const last = this.#commands.at(-1);
    const merged = last && merge(last, command);
    if (merged) this.#commands.pop();
    const waits = isTyping(command) && this.#commands.every(isTyping);
    this.#commands.push(merged ?? command);
    this.#due_ms = waits ? now_ms + TYPING_MS : now_ms;
  }

  isDue(now_ms: number): boolean {
    return this.#commands.length > 0 && now_ms >= this.#due_ms;
  }

  /** All commands, oldest first; they go before painted pixels, which may lie on a brush that they add. */
  take(): Command[] {
    const commands = this.#commands;
    this.#commands = [];
    return commands;
  }
}

/** A painted rectangle as it is, not made small yet. */
export interface Painted {
  readonly command: Omit<PaintMask, "alpha">;
  readonly pixels: Uint8Array<ArrayBuffer>;
}

export function takePainted(masks: Masks): Painted[] {
  const painted: Painted[] = [];
  for (const [brush_id, mask] of masks) {
    for (const rect of mask.unsent.take()) painted.push({ command: { kind: "paint_mask", brush_id, ...rect }, pixels: mask.copy(rect) });
  }
  return painted;
}

function isTyping(command: Command): boolean {
  if (command.kind === "edit_brush") return command.prompt !== undefined || command.negative !== undefined;
  return command.kind === "set_background" && command.background.type !== "color";
}

/** One command that does what both do, where the later one replaces the earlier. */
function merge(earlier: Command, later: Command): Command | null {
  if (earlier.kind === "edit_brush" && later.kind === "edit_brush" && earlier.brush_id === later.brush_id) {
    return { ...earlier, ...later };
  }
  const isReplaced = later.kind === "set_background" || later.kind === "set_seed" || later.kind === "set_recipe";
  return isReplaced && earlier.kind === later.kind ? later : null;
}
