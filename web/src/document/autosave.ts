/** Keeps the document in this browser. Only one tab writes; each save is read back before it is called saved.
 *
 * What another tab wrote in the meantime, and what cannot be read, is kept aside until the painter takes or leaves it. */

import { get, set } from "idb-keyval";
import { messageOf } from "../assert";
import { sameBytes } from "../canvas/stroke";
import { decodeScene, encode } from "../net/codec";
import type { Scene } from "../wire.gen";
import { fromScene } from "./scene";

export type SaveState =
  | { readonly state: "saved" | "saving" | "other_tab" }
  | { readonly state: "failed"; readonly reason: string };

interface Stored {
  readonly version: 1;
  readonly scene: Uint8Array<ArrayBuffer>;
}

/** A scene that is kept next to the document, and where it comes from. */
export interface Aside {
  readonly origin: "other_tab" | "this_tab" | "unreadable";
  readonly scene: Uint8Array<ArrayBuffer>;
}

type Opened = ReturnType<typeof fromScene>;

const KEY = "document";
const ASIDE = "document-aside";
const LOCK = "semdraw-autosave";
const WAIT_MS = 350;

export class Autosave {
  readonly #scene: () => Scene;
  readonly #report: (state: SaveState) => void;
  readonly #showAside: (newest: Aside | null) => void;
  #asides: readonly Aside[] = [];
  /** What this tab found, if it could read it. */
  #loaded: Uint8Array | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #mayWrite = false;
  #isDirty = false;

  constructor(scene: () => Scene, report: (state: SaveState) => void, showAside: (newest: Aside | null) => void) {
    this.#scene = scene;
    this.#report = report;
    this.#showAside = showAside;
  }

  /** The document of the last visit, or null; what cannot be read is put aside before this tab writes. */
  async load(): Promise<Opened | null> {
    const stored = await get<Stored>(KEY);
    if (!stored) return null;
    try {
      const opened = read(stored);
      this.#loaded = stored.scene;
      return opened;
    } catch (error) {
      throw new Error(`The autosaved picture could not be read and was put aside: ${messageOf(error)}`);
    }
  }

  /** Become the tab that writes; where another one is, say so and wait until it is closed. */
  async claim(): Promise<void> {
    if (!("locks" in navigator)) return this.#claimed();
    const hold = async (): Promise<never> => {
      await this.#claimed();
      return new Promise(() => undefined);
    };
    await navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? hold() : this.#report({ state: "other_tab" })));
    await navigator.locks.request(LOCK, hold);
  }

  changed(): void {
    this.#isDirty = true;
    if (!this.#mayWrite) return;
    this.#report({ state: "saving" });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), WAIT_MS);
  }

  /** Write now what is not written yet. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    if (!this.#isDirty || !this.#mayWrite) return;
    this.#isDirty = false;
    try {
      await this.#write(encode(this.#scene()));
      if (!this.#isDirty) this.#report({ state: "saved" });
    } catch (error) {
      this.#isDirty = true;
      this.#report({ state: "failed", reason: messageOf(error) });
    }
  }

  /** Put what is here in the place of the newest scene aside, and return that one. */
  async takeAside(): Promise<Scene> {
    const aside = this.#asides.at(-1);
    if (!aside) throw new Error("nothing is kept aside");
    const scene = decodeScene(aside.scene);
    await this.#keepAside([...this.#asides.slice(0, -1), { origin: "this_tab", scene: encode(this.#scene()) }]);
    return scene;
  }

  /** Leave the newest scene aside for good, and keep what is here. */
  async dropAside(): Promise<void> {
    this.changed();
    await this.#keepAside(this.#asides.slice(0, -1));
  }

  /** Nothing is written before what another tab wrote is safe. */
  async #claimed(): Promise<void> {
    try {
      await this.#keepAside(await this.#found());
    } catch (error) {
      return this.#report({ state: "failed", reason: messageOf(error) });
    }
    this.#mayWrite = true;
    if (this.#isDirty) this.changed();
    else this.#report({ state: "saved" });
  }

  /** What is to be kept aside: the stored scene where this tab has another one, and what was aside before. */
  async #found(): Promise<readonly Aside[]> {
    const [stored, asides = []] = await Promise.all([get<Stored>(KEY), get<readonly Aside[]>(ASIDE)]);
    if (!stored) return asides;
    const others = asides.filter((aside) => !sameBytes(aside.scene, stored.scene));
    if (this.#loaded && sameBytes(this.#loaded, stored.scene)) return others;
    return [...others, { origin: isReadable(stored) ? "other_tab" : "unreadable", scene: stored.scene }];
  }

  async #keepAside(asides: readonly Aside[]): Promise<void> {
    await set(ASIDE, asides);
    this.#asides = asides;
    this.#showAside(asides.at(-1) ?? null);
  }

  async #write(scene: Uint8Array<ArrayBuffer>): Promise<void> {
    await set(KEY, { version: 1, scene } satisfies Stored);
    const stored = await get<Stored>(KEY);
    if (!stored || !sameBytes(stored.scene, scene)) throw new Error("what was written could not be read back");
  }
}

function read(stored: Stored): Opened {
  if (stored.version !== 1) throw new Error(`it was written by another version (${String(stored.version)})`);
  return fromScene(decodeScene(stored.scene));
}

function isReadable(stored: Stored): boolean {
  try {
    read(stored);
    return true;
  } catch {
    return false;
  }
}
