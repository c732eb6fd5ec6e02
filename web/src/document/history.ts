/** Undo of everything: a step is a list of changes and the list that takes them back. */

import type { Background, Command, Picture } from "../wire.gen";
import type { Change, Document } from "./document";

const MAX_STEPS = 500;
const MAX_BYTES = 192 * 2 ** 20;
const MERGE_WITHIN_MS = 1_500;

interface Step {
  /** What was done, for people: "Undo: …". */
  readonly label: string;
  /** Steps of equal key in quick succession are one, as letters of a word or the travel of a slider. */
  readonly mergeKey: string | null;
  readonly at_ms: number;
  /** Changes to apply, in this order, to go to the other side of the step. */
  readonly changes: readonly Change[];
}

export interface Edit {
  readonly label: string;
  readonly mergeKey?: string;
}

export class History {
  #undo: Step[] = [];
  #redo: Step[] = [];
  readonly #document: Document;
  readonly #now: () => number;

  constructor(document: Document, now: () => number = () => performance.now()) {
    this.#document = document;
    this.#now = now;
  }

  get undoLabel(): string | null {
    return this.#undo.at(-1)?.label ?? null;
  }

  get redoLabel(): string | null {
    return this.#redo.at(-1)?.label ?? null;
  }

  /** Apply the changes as one step. */
  run(edit: Edit, changes: readonly Change[]): Command[] {
    const [inverses, commands] = this.#apply(changes);
    this.record(edit, inverses);
    return commands;
  }

  /** A step that has happened already, as a stroke has when the pen is lifted. */
  record({ label, mergeKey }: Edit, inverses: readonly Change[]): void {
    const top = this.#undo.at(-1);
    const merges = mergeKey !== undefined && top?.mergeKey === mergeKey && this.#now() - top.at_ms < MERGE_WITHIN_MS;
    const step: Step = { label, mergeKey: mergeKey ?? null, at_ms: this.#now(), changes: inverses };
    if (merges && this.#redo.length === 0) this.#undo[this.#undo.length - 1] = { ...step, changes: top.changes };
    else this.#undo.push(step);
    this.#redo = [];
    this.#forget();
  }

  undo(): Command[] | null {
    return this.#cross(this.#undo, this.#redo);
  }

  redo(): Command[] | null {
    return this.#cross(this.#redo, this.#undo);
  }

  #cross(from: Step[], to: Step[]): Command[] | null {
    const step = from.pop();
    if (!step) return null;
    const [inverses, commands] = this.#apply(step.changes);
    to.push({ ...step, mergeKey: null, changes: inverses });
    return commands;
  }

  #apply(changes: readonly Change[]): [Change[], Command[]] {
    const inverses: Change[] = [];
    const commands: Command[] = [];
    for (const change of changes) {
      const applied = this.#document.apply(change);
      inverses.unshift(applied.inverse);
      commands.push(...applied.commands);
    }
    return [inverses, commands];
  }

  #forget(): void {
    let bytes = 0;
    let keep = 0;
    const pictures = new Set<Uint8Array>();
    for (const step of this.#undo.toReversed()) {
      bytes += step.changes.reduce((sum, change) => sum + bytesOf(change, pictures), 0);
      if (keep > 0 && (bytes > MAX_BYTES || keep >= MAX_STEPS)) break;
      keep++;
    }
    this.#undo.splice(0, this.#undo.length - keep);
  }
}

/** A picture that several steps share is counted once: `counted` knows those that were. */
function bytesOf(change: Change, counted: Set<Uint8Array>): number {
  switch (change.kind) {
    case "swap_tiles": return sum([...change.tiles.values()].map((pixels) => pixels.length));
    case "insert_layer": return change.mask.alpha.length + bytesOfPicture(change.layer.frozen?.picture, counted);
    case "edit_layer": return bytesOfPicture(change.frozen?.picture, counted);
    case "open": return sum([...change.masks.values()].map((mask) => mask.alpha.length)) + bytesBehind(change.facts.background, counted);
    case "set_background": return bytesBehind(change.background, counted);
    default: return 0;
  }
}

function bytesBehind(background: Background, counted: Set<Uint8Array>): number {
  return bytesOfPicture(background.type === "image" ? background.picture : undefined, counted);
}

function bytesOfPicture(picture: Picture | undefined, counted: Set<Uint8Array>): number {
  if (!picture || counted.has(picture.png)) return 0;
  counted.add(picture.png);
  return picture.png.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
