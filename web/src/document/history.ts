/** Undo of everything: a step is a list of changes and the list that takes them back. Painted tiles are kept packed. */

import type { Tiles } from "../canvas/mask";
import { pack, unpack } from "../canvas/pack";
import type { Background, Command, Picture } from "../wire.gen";
import type { Change, Document } from "./document";

const MAX_STEPS = 500;
/** What all steps together may keep; the oldest make way. The newest stays, whatever it takes. */
export const MAX_HISTORY_BYTES = 128 * 2 ** 20;
/** About what a step and a tile take besides their pixels. */
const STEP_BYTES = 300;
const TILE_BYTES = 100;
const MERGE_WITHIN_MS = 1_500;

interface Step {
  /** What was done, for people: "Undo: …". */
  readonly label: string;
  /** Steps of equal key in quick succession are one, as letters of a word or the travel of a slider. */
  readonly mergeKey: string | null;
  readonly at_ms: number;
  /** Changes to apply, in this order, to go to the other side of the step. */
  readonly changes: readonly Kept[];
}

type Swap = Extract<Change, { kind: "swap_tiles" }>;

interface PackedSwap {
  readonly kind: "packed_tiles";
  readonly swap: Omit<Swap, "tiles">;
  readonly tiles: Tiles;
  readonly bytes: number;
}

type Kept = Exclude<Change, Swap> | PackedSwap;

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

  /** What undo and redo keep, pictures that steps share counted once. */
  get bytes(): number {
    const pictures = new Set<Uint8Array>();
    return sum([...this.#undo, ...this.#redo].map((step) => bytesOfStep(step, pictures)));
  }

  /** Something that is this step and no other; null where there is none to undo. */
  get newest(): object | null {
    return this.#undo.at(-1) ?? null;
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

  /** Changes that belong to a step which was taken: undoing that undoes them, too. */
  amend(changes: readonly Change[]): Command[] {
    return this.#apply(changes)[1];
  }

  /** A step that has happened already, as a stroke has when the pen is lifted. */
  record({ label, mergeKey }: Edit, inverses: readonly Change[]): void {
    const top = this.#undo.at(-1);
    const merges = mergeKey !== undefined && top?.mergeKey === mergeKey && this.#now() - top.at_ms < MERGE_WITHIN_MS;
    const step: Step = { label, mergeKey: mergeKey ?? null, at_ms: this.#now(), changes: inverses.map(packed) };
    if (merges && this.#redo.length === 0) this.#undo[this.#undo.length - 1] = { ...step, changes: top.changes };
    else this.#undo.push(step);
    this.#redo = [];
    this.#forget();
  }

  /** The same, with changes that are still to be applied as part of it. */
  conclude(edit: Edit, inverses: readonly Change[], changes: readonly Change[]): Command[] {
    const [more, commands] = this.#apply(changes);
    this.record(edit, [...more, ...inverses]);
    return commands;
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
    const [inverses, commands] = this.#apply(step.changes.map(unpacked));
    to.push({ ...step, mergeKey: null, changes: inverses.map(packed) });
    this.#forget();
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

  /** Steps that were undone are newer than all others. */
  #forget(): void {
    const pictures = new Set<Uint8Array>();
    let bytes = sum(this.#redo.map((step) => bytesOfStep(step, pictures)));
    let keep = 0;
    for (const step of this.#undo.toReversed()) {
      bytes += bytesOfStep(step, pictures);
      const isNewest = keep === 0 && this.#redo.length === 0;
      if (!isNewest && (bytes > MAX_HISTORY_BYTES || keep >= MAX_STEPS)) break;
      keep++;
    }
    this.#undo.splice(0, this.#undo.length - keep);
  }
}

function packed(change: Change): Kept {
  if (change.kind !== "swap_tiles") return change;
  const { tiles: raw, ...swap } = change;
  const tiles = new Map([...raw].map(([index, pixels]) => [index, pack(pixels)] as const));
  return { kind: "packed_tiles", swap, tiles, bytes: sum([...tiles.values()].map((pixels) => pixels.length + TILE_BYTES)) };
}

function unpacked(kept: Kept): Change {
  if (kept.kind !== "packed_tiles") return kept;
  return { ...kept.swap, tiles: new Map([...kept.tiles].map(([index, pixels]) => [index, unpack(pixels)])) };
}

function bytesOfStep(step: Step, pictures: Set<Uint8Array>): number {
  return STEP_BYTES + sum(step.changes.map((change) => bytesOf(change, pictures)));
}

/** A picture that several steps share is counted once: `counted` knows those that were. */
function bytesOf(change: Kept, counted: Set<Uint8Array>): number {
  switch (change.kind) {
    case "packed_tiles": return change.bytes;
    case "insert_layer": return change.mask.alpha.length + bytesOfPicture(change.layer.frozen?.picture, counted);
    case "edit_layer": return bytesOfPicture(change.frozen?.picture, counted);
    case "open": return bytesOfAll(change, counted);
    case "set_background": return bytesBehind(change.background, counted);
    default: return 0;
  }
}

function bytesOfAll({ facts, masks }: Extract<Kept, { kind: "open" }>, counted: Set<Uint8Array>): number {
  const painted = sum([...masks.values()].map((mask) => mask.alpha.length));
  return painted + bytesBehind(facts.background, counted) + sum(facts.layers.map(({ frozen }) => bytesOfPicture(frozen?.picture, counted)));
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
