/** The history strip: pictures that were kept and those that keep themselves, with their whole scenes. */

import { messageOf } from "../assert";
import { sameBytes } from "../canvas/work";
import type { Bytes } from "../document/shelf";
import { decodeScene, encode } from "../net/codec";
import { notices } from "../notices.svelte";
import type { Studio } from "../studio.svelte";
import type { Extent, Scene } from "../wire.gen";
import { t } from "../words";
import { BOUNDS, type Snapshot, withAdded } from "./snapshots";
import { readSnapshots, writeSnapshots } from "./store";

/** A finished picture and what it was made from. */
export interface Finished {
  readonly jpeg: Uint8Array;
  readonly extent: Extent;
  readonly scene: Scene;
}

/** Settled edits between pictures that keep themselves. */
const EVERY = 12;

export class Gallery {
  /** Newest first. */
  snapshots = $state.raw<readonly Snapshot[]>([]);
  isOpen = $state(false);
  /** The newest finished picture that was shown; the scene on the desk may have gone on since. */
  #finished: Finished | null = null;
  #sinceLast = 0;
  readonly #urls = new Map<string, string>();
  /** What the store does not hold yet, or cannot: snapshots by their ids, null for those that shall go. */
  readonly #unwritten = new Map<string, Snapshot | null>();
  readonly #studio: Studio;

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  /** What this browser keeps; other tabs may have added to it, or taken from it. */
  async load(): Promise<void> {
    const stored = (await readSnapshots()).filter(({ id }) => !this.#unwritten.has(id));
    this.#show([...stored, ...[...this.#unwritten.values()].filter((snapshot) => snapshot !== null)]);
  }

  get newestKept(): Snapshot | null {
    return this.snapshots.find(({ isKept }) => isKept) ?? null;
  }

  get finished(): Finished | null {
    return this.#finished;
  }

  /** A picture was finished and is shown; every so often one keeps itself. */
  settled(finished: Finished, isEdit: boolean): void {
    this.#finished = finished;
    if (isEdit && ++this.#sinceLast >= EVERY) this.keepItself();
  }

  /** Before the whole document is exchanged, or when enough was done since the last time. */
  keepItself(): void {
    if (!this.#finished || this.#sinceLast === 0) return;
    this.#sinceLast = 0;
    this.#add(this.#finished, false);
  }

  /** Keep the picture that is seen now, with all that makes it. */
  keep(finished: Finished | null = this.#finished): boolean {
    if (!finished) {
      notices.tell(t("keep.none"));
      return false;
    }
    const isThis = finished !== this.#finished || this.#studio.compare();
    const added = this.#add(finished, true);
    if (!added) this.#tellFull();
    else notices.tell(t(isThis ? "keep.told" : "keep.last"), this.isOpen ? {} : { action: { label: t("keep.show"), run: () => (this.isOpen = true) } });
    return added;
  }

  /** Put its whole scene on the desk, as one step that can be undone. */
  recall(snapshot: Snapshot): void {
    try {
      this.#studio.open(decodeScene(snapshot.scene), t("history.recall"));
    } catch (error) {
      notices.tell(`${t("history.unreadable")}: ${messageOf(error)}`, { tone: "bad" });
    }
  }

  /** What kept itself is kept from now on, or the other way round. */
  setKept(snapshot: Snapshot, isKept: boolean): void {
    const next = withAdded(this.snapshots, { ...snapshot, isKept });
    if (next) this.#exchange(next);
    else this.#tellFull();
  }

  remove(gone: readonly Snapshot[], told: string): void {
    const ids = new Set(gone.map(({ id }) => id));
    this.#write([], [...ids]);
    this.#show(this.snapshots.filter(({ id }) => !ids.has(id)));
    notices.tell(told, { action: { label: t("edit.undo"), run: () => this.#bringBack(gone) } });
  }

  /** An address that shows the picture. */
  urlOf({ id, jpeg }: Snapshot): string {
    const known = this.#urls.get(id);
    if (known) return known;
    const url = URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" }));
    this.#urls.set(id, url);
    return url;
  }

  #add({ jpeg, extent, scene }: Finished, isKept: boolean): boolean {
    const bytes = encode(scene);
    const label = wordsOf(scene);
    const same = this.snapshots.find((other) => other.label === label && sameBytes(other.scene, bytes));
    const id = same?.id ?? crypto.getRandomValues(new Uint32Array(3)).join("-");
    const added: Snapshot = { id, isKept: isKept || (same?.isKept ?? false), at_ms: Date.now(), label, extent, jpeg: copyOf(jpeg), scene: bytes };
    const next = withAdded(this.snapshots, added);
    if (next) this.#exchange(next);
    return next !== null;
  }

  #exchange(next: readonly Snapshot[]): void {
    const staying = new Set(next.map(({ id }) => id));
    const gone = this.snapshots.map(({ id }) => id).filter((id) => !staying.has(id));
    this.#write(next.filter((snapshot) => !this.snapshots.includes(snapshot)), gone);
    this.#show(next);
  }

  #tellFull(): void {
    notices.tell(t("keep.full", { most: BOUNDS.kept }), { tone: "bad", action: { label: t("live.history"), run: () => (this.isOpen = true) } });
  }

  #bringBack(gone: readonly Snapshot[]): void {
    this.#write(gone, []);
    this.#show([...this.snapshots, ...gone]);
  }

  #show(list: readonly Snapshot[]): void {
    this.snapshots = list.toSorted((a, b) => b.at_ms - a.at_ms);
    const here = new Set(list.map(({ id }) => id));
    for (const [id, url] of this.#urls) {
      if (here.has(id)) continue;
      URL.revokeObjectURL(url);
      this.#urls.delete(id);
    }
  }

  /** What this browser cannot store is still there until the page is closed. */
  #write(added: readonly Snapshot[], gone: readonly string[]): void {
    const written = new Map<string, Snapshot | null>([...gone.map((id) => [id, null] as const), ...added.map((snapshot) => [snapshot.id, snapshot] as const)]);
    for (const [id, snapshot] of written) this.#unwritten.set(id, snapshot);
    writeSnapshots(added, gone)
      .then(() => written.forEach((snapshot, id) => this.#unwritten.get(id) === snapshot && this.#unwritten.delete(id)))
      .catch((error: unknown) => notices.tell(`${t("history.unsaved")}: ${messageOf(error)}`, { tone: "bad" }));
  }
}

function wordsOf({ brushes, canvas }: Scene): string {
  const behind = canvas.background.type === "color" ? "" : canvas.background.prompt;
  return [...brushes.map(({ name, prompt }) => name || prompt), behind].filter(Boolean).join(", ");
}

function copyOf(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}
