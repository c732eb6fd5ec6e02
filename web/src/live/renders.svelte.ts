/** Pictures that the server paints in the background: ordered, watched, cancelled, and taken from the tray. */

import { messageOf } from "../assert";
import { download } from "../net/files";
import { finishedPicture, finishedScene, forget, GoneError, order, type Progress, progressOf } from "../net/renders";
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
    const ids = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]") as readonly string[];
    for (const id of ids) void progressOf(id).then((progress) => this.#watch(progress)).catch(() => undefined);
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
    const { id } = this.#watch(await order({ scene }));
    const patience = setTimeout(() => this.#tellOfTray(), PATIENCE_MS);
    const render = await this.#end(id);
    clearTimeout(patience);
    if (!render || render.progress.state === "cancelled") return null;
    if (render.progress.state === "failed") throw new Error(render.progress.reason);
    const file = await finishedPicture(id, 0, ending);
    this.forget(id);
    return file;
  }

  cancel(id: string): void {
    this.#change(id, ({ progress, ...render }) => ({ ...render, progress: { ...progress, state: "cancelled" } }));
    if (this.#find(id)?.results.length === 0) this.#drop(id);
    else this.#remember();
    forget(id).catch(() => undefined);
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

  #tellOfTray(): void {
    notices.tell(t("render.takes"), { action: { label: t("keep.show"), run: () => (panels.open = "renders") } });
  }

  #find(id: string): Render | undefined {
    return this.list.find(({ progress }) => progress.id === id);
  }

  #change(id: string, change: (render: Render) => Render): void {
    this.list = this.list.map((render) => (render.progress.id === id ? change(render) : render));
  }

  #drop(id: string): void {
    for (const { url } of this.#find(id)?.results ?? []) URL.revokeObjectURL(url);
    this.list = this.list.filter(({ progress }) => progress.id !== id);
    this.#remember();
  }

  #remember(): void {
    sessionStorage.setItem(KEPT, JSON.stringify(this.list.map(({ progress }) => progress.id)));
  }

  #watch(progress: Progress): Progress {
    this.list = [{ progress, results: [], isOutOfReach: false }, ...this.list];
    this.#remember();
    void this.#follow(progress.id);
    return progress;
  }

  /** Ask again and again until it is over; finished pictures are fetched as they come. */
  async #follow(id: string): Promise<void> {
    for (;;) {
      const render = this.#find(id);
      if (!render) return;
      await this.#fetchFinished(id, render).catch(() => undefined);
      if (isOver(render) && this.#find(id)?.results.length === render.progress.finished) return;
      await pause(render.isOutOfReach ? OUT_OF_REACH_MS : EVERY_MS);
      if (await this.#isGone(id)) return;
    }
  }

  async #isGone(id: string): Promise<boolean> {
    try {
      const progress = await progressOf(id);
      this.#change(id, (render) => (isOver(render) ? render : { ...render, progress, isOutOfReach: false }));
      return false;
    } catch (error) {
      const isGone = error instanceof GoneError;
      this.#change(id, ({ progress, ...render }) => {
        if (!isGone) return { ...render, progress, isOutOfReach: true };
        return { ...render, isOutOfReach: false, progress: isOver({ progress, ...render }) ? progress : { ...progress, state: "failed", reason: t("render.gone") } };
      });
      return isGone;
    }
  }

  async #fetchFinished(id: string, { progress, results }: Render): Promise<void> {
    for (let number = results.length; number < progress.finished; number++) {
      const png = await finishedPicture(id, number, "png");
      const result = { number, png, url: URL.createObjectURL(png) };
      this.#change(id, (render) => ({ ...render, results: [...render.results, result] }));
    }
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

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
