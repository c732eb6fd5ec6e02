/** Keeps the document in this browser, and every save is read back before it is called saved.
 *
 * One tab at a time writes the document; any other one keeps a draft of its own. What a tab finds and does not know is
 * put aside, in the same step that writes, until the painter takes or leaves it. */

import { messageOf } from "../assert";
import { sameBytes } from "../canvas/work";
import { decodeScene, encode } from "../net/codec";
import type { Scene } from "../wire.gen";
import { t } from "../words";
import { fromScene } from "./scene";
import { type Aside, type Bytes, change, type Kept, putNow, read, type Stored } from "./shelf";
import { claimWriting, hasLocks } from "./writer";

export type SaveState =
  /** `loading`: what this browser keeps is being read. `beside`: saved as a draft, while another tab writes the document. */
  | { readonly state: "loading" | "saved" | "saving" | "beside" }
  | { readonly state: "failed"; readonly reason: string };

type Opened = ReturnType<typeof fromScene>;

const TAB = "semdraw-tab";
const WAIT_MS = 350;

export class Autosave {
  readonly #scene: () => Scene;
  readonly #report: (state: SaveState) => void;
  readonly #showAside: (newest: Aside | null) => void;
  /** The name of this tab's draft, and the one that it had before it was loaded again. */
  readonly #tab = crypto.getRandomValues(new Uint32Array(2)).join("-");
  #previous = renameTab(this.#tab);
  #asides: readonly Aside[] = [];
  /** The stored document as this tab last read or wrote it. */
  #known: Bytes | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isWriter = false;
  /** How often the document was changed, and up to which of these changes it is written. */
  #changes = 0;
  #written = 0;
  /** One step at a time: each knows what the one before has written. */
  #turn: Promise<void> = Promise.resolve();

  constructor(scene: () => Scene, report: (state: SaveState) => void, showAside: (newest: Aside | null) => void) {
    this.#scene = scene;
    this.#report = report;
    this.#showAside = showAside;
  }

  /** What this tab painted before it was loaded again, or the document, or null; what cannot be read is kept. */
  async load(): Promise<Opened | null> {
    const { document, drafts } = await read();
    const draft = this.#previous === null ? undefined : drafts.get(this.#previous);
    if (draft && isReadable(draft)) {
      this.#changes++;
      return open(draft);
    }
    this.#previous = null;
    if (!document) return null;
    try {
      const opened = open(document);
      this.#known = document.scene;
      return opened;
    } catch (error) {
      throw new Error(t("saving.unreadable", { reason: messageOf(error) }));
    }
  }

  /** Become the tab that writes the document; where another one is, say so and wait for its end. */
  async claim(): Promise<void> {
    await claimWriting({
      denied: () => this.#stepAside(),
      granted: () => this.#inTurn(() => this.#granted()),
      lost: () => this.#stepAside(),
    });
  }

  get #isDirty(): boolean {
    return this.#written < this.#changes;
  }

  changed(): void {
    this.#changes++;
    this.#report({ state: "saving" });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), WAIT_MS);
  }

  /** Write now what is not written yet. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    return this.#inTurn(() => this.#flush());
  }

  /** The page may be gone in a moment: hand over what is not written, without waiting for an answer. */
  flushLast(): void {
    if (!this.#isDirty) return;
    const mine: Stored = { version: 1, scene: encode(this.#scene()) };
    const isSafe = this.#isWriter && hasLocks();
    putNow(isSafe ? { document: mine, asides: this.#asides } : { drafts: new Map([[this.#tab, mine]]) });
  }

  /** Put what is here in the place of the newest scene aside, and return that one; both are written as one. */
  takeAside(): Scene {
    const aside = this.#asides.at(-1);
    if (!aside) throw new Error(t("aside.no_more"));
    const scene = decodeScene(aside.scene);
    this.#showAsides([...this.#asides.slice(0, -1), { origin: "this_tab", scene: encode(this.#scene()) }]);
    this.changed();
    return scene;
  }

  /** Leave the newest scene aside for good, and keep what is here. */
  dropAside(): void {
    this.#showAsides(this.#asides.slice(0, -1));
    this.changed();
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(step).catch((error: unknown) => this.#report({ state: "failed", reason: messageOf(error) }));
    return this.#turn;
  }

  async #flush(): Promise<void> {
    if (!this.#isDirty) return;
    const upTo = this.#changes;
    await this.#write({ version: 1, scene: encode(this.#scene()) });
    this.#written = upTo;
    if (!this.#isDirty) this.#report({ state: this.#isWriter ? "saved" : "beside" });
  }

  #stepAside(): void {
    this.#isWriter = false;
    this.#showAside(null);
    if (this.#isDirty) return this.changed();
    this.#asides = [];
    this.#report({ state: "beside" });
  }

  /** Nothing is written before what others wrote is safe; what was a draft here becomes the document. */
  async #granted(): Promise<void> {
    let hasDraft = false;
    await change((kept) => {
      hasDraft = kept.drafts.has(this.#tab);
      this.#asides = this.#found(kept);
      this.#known = kept.document?.scene ?? null;
      return { asides: this.#asides, forgotten: this.#foreign(kept) };
    });
    this.#isWriter = true;
    this.#showAsides(this.#asides);
    if (hasDraft || this.#isDirty) this.changed();
    else this.#report({ state: "saved" });
  }

  /** All that is to be kept aside: what was, other tabs' drafts, and the document where this tab does not know it. */
  #found(kept: Kept): readonly Aside[] {
    const asides = [...union(kept.asides, this.#asides)];
    const foreign = this.#foreign(kept).map((tab) => kept.drafts.get(tab) as Stored);
    const { document } = kept;
    const isKnown = this.#knows(document);
    for (const stored of isKnown || !document ? foreign : [document, ...foreign]) {
      const aside: Aside = { origin: isReadable(stored) ? "other_tab" : "unreadable", scene: stored.scene };
      const twin = asides.findIndex(({ scene }) => sameBytes(scene, aside.scene));
      asides.splice(twin < 0 ? asides.length : twin, 1);
      asides.push(aside);
    }
    return asides;
  }

  #knows(document: Stored | undefined): boolean {
    return !document || (this.#known !== null && sameBytes(this.#known, document.scene));
  }

  /** Drafts that are not this tab's. */
  #foreign({ drafts }: Kept): string[] {
    return [...drafts.keys()].filter((tab) => tab !== this.#tab && tab !== this.#previous);
  }

  #showAsides(asides: readonly Aside[]): void {
    this.#asides = asides;
    this.#showAside(asides.at(-1) ?? null);
  }

  /** As the document; as a draft where another tab writes that, which shows in a document that is not known here. */
  async #write(mine: Stored): Promise<void> {
    const own = [this.#tab, ...(this.#previous === null ? [] : [this.#previous])];
    let isDocument = false;
    await change(({ document, asides }) => {
      isDocument = this.#isWriter && this.#knows(document);
      if (isDocument) return { document: mine, asides: this.#asides, forgotten: own };
      return { asides: union(asides, this.#asides), forgotten: own, drafts: new Map([[this.#tab, mine]]) };
    });
    const kept = await read();
    const written = isDocument ? kept.document : kept.drafts.get(this.#tab);
    if (!written || !sameBytes(written.scene, mine.scene)) throw new Error(t("saving.differs"));
    if (isDocument) this.#known = mine.scene;
    else [this.#isWriter, this.#asides] = [false, []];
  }
}

/** The name that this tab's draft had before the page was loaded again; from now on it is called `name`. */
function renameTab(name: string): string | null {
  try {
    const previous = sessionStorage.getItem(TAB);
    sessionStorage.setItem(TAB, name);
    return previous;
  } catch {
    return null;
  }
}

function union(asides: readonly Aside[], more: readonly Aside[]): readonly Aside[] {
  return [...asides, ...more.filter(({ scene }) => !asides.some((aside) => sameBytes(aside.scene, scene)))];
}

function open(stored: Stored): Opened {
  if (stored.version !== 1) throw new Error(t("saving.version", { version: String(stored.version) }));
  return fromScene(decodeScene(stored.scene));
}

function isReadable(stored: Stored): boolean {
  try {
    open(stored);
    return true;
  } catch {
    return false;
  }
}
