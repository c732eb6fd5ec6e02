/** Pictures that the server paints in the background: ordered, watched, cancelled, and taken from the tray. */

import { messageOf } from "../assert";
import { download } from "../net/files";
import { GoneError, RefusedError } from "../net/http";
import { cancel, finishedPicture, finishedScene, forget, order, type Progress, progressOf } from "../net/renders";
import { notices } from "../notices.svelte";
import { panels } from "../panels.svelte";
import type { Studio } from "../studio.svelte";
import type { Scene } from "../wire.gen";
import { t } from "../words";

export interface Result {
  readonly number: number;
  readonly png: Blob;
  readonly url: string;
}

export interface Render {
  readonly progress: Progress;
  readonly results: readonly Result[];
  /** The server was not reached at the last try; the order goes on without us. */
  readonly isOutOfReach: boolean;
  /** Its one file is waited for, and goes to the painter by itself. */
  readonly isFile: boolean;
}

export interface Wishes {
  readonly num_steps: number;
  readonly scale: number;
  readonly pictures: number;
}

const EVERY_MS = 350;
/** From then on a painter who waits for a file is told where to see how far it is. */
const PATIENCE_MS = 1_500;
const OUT_OF_REACH_MS = 2_000;
/** So often the server may refuse a finished picture, as it does while it is busy, before the order has failed. */
const MOST_REFUSALS = 5;
const KEPT = "semdraw-renders";
const OVER: ReadonlySet<string> = new Set(["done", "failed", "cancelled"]);

export function isOver({ progress }: Render): boolean {
  return OVER.has(progress.state);
}

/** How much of the whole order is done, 0 to 1. */
export function shareDone({ finished, pictures, step, num_steps, state }: Progress): number {
  if (state === "done") return 1;
  return Math.min(1, (finished + (finished < pictures ? step / num_steps : 0)) / pictures);
}

export class Renders {
  /** Newest first. */
  list = $state.raw<readonly Render[]>([]);
  readonly #studio: Studio;

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  /** What was ordered before this tab was loaded again is still on its way, or finished. */
  resume(): void {
    for (const progress of kept().toReversed()) this.#watch(progress);
  }

  get numPending(): number {
    return this.list.filter((render) => !isOver(render)).length;
  }

  /** Order pictures of the scene on the desk: with other seeds from the second one on. */
  async begin({ num_steps, scale, pictures }: Wishes): Promise<void> {
    const scene = this.#studio.sceneShown();
    const seeds = Array.from({ length: pictures }, (_, index) => (scene.seed + index) % 2 ** 32);
    await this.#telling(async () => this.#watch(await order({ scene, num_steps, scale, seeds })));
  }

  /** One finished file of a scene, made in its turn; null when it is cancelled. */
  async file(scene: Scene, ending: string): Promise<Blob | null> {
    const { id } = this.#watch(await order({ scene }), true);
    const patience = setTimeout(() => this.#tellOfTray(), PATIENCE_MS);
    const render = await this.#end(id);
    clearTimeout(patience);
    if (!render || render.progress.state === "cancelled") return null;
    if (render.progress.state === "failed") throw new Error(render.progress.reason);
    const file = await finishedPicture(id, 0, ending).catch((error: unknown) => this.#leaveInTray(id, error));
    this.forget(id);
    return file;
  }

  /** What is finished stays in the tray, here as on the server; of an order without any nothing stays. */
  cancel(id: string): void {
    const { progress } = this.#find(id) ?? {};
    if (!progress?.finished) return this.forget(id);
    this.#change(id, (render) => ({ ...render, progress: { ...progress, state: "cancelled" } }));
    this.#remember();
    cancel(id).catch(() => undefined);
  }

  forget(id: string): void {
    this.#drop(id);
    forget(id).catch(() => undefined);
  }

  async save(id: string, number: number, ending: string): Promise<void> {
    await this.#telling(async () => {
      const png = this.#find(id)?.results.find((result) => result.number === number)?.png;
      download(ending === "png" && png ? png : await finishedPicture(id, number, ending), ending);
    });
  }

  async open(id: string, number: number): Promise<void> {
    await this.#telling(async () => this.#studio.open(await finishedScene(id, number), t("render.open")));
  }

  /** Into the history strip, with its scene. */
  async keep(id: string, number: number): Promise<void> {
    await this.#telling(async () => {
      const [jpeg, scene] = await Promise.all([finishedPicture(id, number, "jpg"), finishedScene(id, number)]);
      const { extent } = scene.canvas;
      this.#studio.live.gallery.keep({ jpeg: new Uint8Array(await jpeg.arrayBuffer()), extent, scene });
    });
  }

  /** Finished, and not fetched: it can still be taken from there. */
  #leaveInTray(id: string, error: unknown): never {
    this.#change(id, (render) => ({ ...render, isFile: false }));
    void this.#follow(id);
    throw error;
  }

  #tellOfTray(): void {
    notices.tell(t("render.takes"), { action: { label: t("keep.show"), run: () => (panels.open = "renders") } });
  }

  #find(id: string): Render | undefined {
    return this.list.find(({ progress }) => progress.id === id);
  }

  #change(id: string, change: (render: Render) => Render): void {
    this.list = this.list.map((render) => (render.progress.id === id ? change(render) : render));
  }

  #fail(id: string, reason: string): void {
    this.#change(id, (render) => ({ ...render, isOutOfReach: false, progress: { ...render.progress, state: "failed", reason } }));
    this.#remember();
  }

  #drop(id: string): void {
    for (const { url } of this.#find(id)?.results ?? []) URL.revokeObjectURL(url);
    this.list = this.list.filter(({ progress }) => progress.id !== id);
    this.#remember();
  }

  #remember(): void {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(this.list.map(({ progress }) => progress)));
    } catch {
      // Site data is blocked: orders are forgotten with the page, and painted all the same.
    }
  }

  #watch(progress: Progress, isFile = false): Progress {
    this.list = [{ progress, results: [], isOutOfReach: false, isFile }, ...this.list];
    this.#remember();
    void this.#follow(progress.id);
    return progress;
  }

  /** Ask again and again until it is over; finished pictures are fetched as they come. */
  async #follow(id: string): Promise<void> {
    for (let refusals = 0; ; ) {
      const render = this.#find(id);
      if (!render) return;
      const refused = await this.#fetchFinished(id, render);
      if (refused !== null && ++refusals === MOST_REFUSALS) return this.#fail(id, refused);
      const { results, isFile, isOutOfReach } = this.#find(id) ?? render;
      if (isOver(render) && (isFile || results.length === render.progress.finished)) return;
      await pause(isOutOfReach || refused !== null ? OUT_OF_REACH_MS : EVERY_MS);
      if (await this.#isGone(id)) return;
    }
  }

  async #isGone(id: string): Promise<boolean> {
    try {
      const progress = await progressOf(id);
      this.#change(id, (render) => ({ ...render, isOutOfReach: false, ...(isOver(render) ? {} : { progress }) }));
      return false;
    } catch (error) {
      if (error instanceof GoneError) this.#gone(id);
      else this.#change(id, (render) => ({ ...render, isOutOfReach: true }));
      return error instanceof GoneError;
    }
  }

  /** The server knows it no more: what was fetched of it stays, what was awaited has failed. */
  #gone(id: string): void {
    const render = this.#find(id);
    if (!render) return;
    if (!isOver(render)) this.#fail(id, t("render.gone"));
    else if (render.results.length === 0) this.#drop(id);
  }

  /** Returns why the server refused a picture; null where none was refused, or it was not reached. */
  async #fetchFinished(id: string, { progress, results, isFile }: Render): Promise<string | null> {
    if (isFile) return null;
    try {
      for (let number = results.length; number < progress.finished; number++) {
        const png = await finishedPicture(id, number, "png");
        const result = { number, png, url: URL.createObjectURL(png) };
        this.#change(id, (render) => ({ ...render, results: [...render.results, result] }));
      }
    } catch (error) {
      return error instanceof RefusedError ? error.message : null;
    }
    return null;
  }

  async #end(id: string): Promise<Render | undefined> {
    for (;;) {
      const render = this.#find(id);
      if (!render || isOver(render)) return render;
      await pause(EVERY_MS / 3);
    }
  }

  async #telling(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      notices.tell(`${t("render.failed")}: ${messageOf(error)}`, { tone: "bad" });
    }
  }
}

/** Orders of this tab before it was loaded again, newest first. */
function kept(): readonly Progress[] {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(stored) ? stored.filter((progress): progress is Progress => typeof progress === "object" && progress !== null && "id" in progress) : [];
  } catch {
    return [];
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
