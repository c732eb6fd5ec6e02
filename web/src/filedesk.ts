/** Saving, opening and starting anew, with words for what goes wrong. */

import { messageOf } from "./assert";
import { resized, type ResizeMode, placement } from "./document/resize";
import { toScene } from "./document/scene";
import { carriesScene, chooseFile, coveringPng, download, type PictureEnding, placedPng, projectOf, sceneOf } from "./net/files";
import { notices } from "./notices.svelte";
import type { Studio } from "./studio.svelte";
import type { Background, Extent } from "./wire.gen";
import { t, type WordKey } from "./words";

const PROJECTS = ".semdraw,.ora,.png,.webp,.jpg,.jpeg";
const PICTURES = "image/png,image/jpeg,image/webp";
const LAYERED = /\.(semdraw|ora)$/i;

export class FileDesk {
  /** What is shown now; the picture to save while the server is away. */
  pixels: () => ImageData | null = () => null;
  readonly #studio: Studio;

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  newPicture(extent?: Extent): void {
    const { facts, model } = this.#studio;
    if (!facts) return;
    const size = extent ?? model?.extent ?? facts.extent;
    const canvas = { extent: size, layers: [], background: { type: "prompt", prompt: "", negative: "" } } as const;
    this.#studio.open({ canvas, brushes: [], recipe: facts.recipe, seed: 0, frame: 0, styles: facts.styles }, t("file.new.label"));
    notices.tell(t("file.new.told"), { action: this.#studio.takingBack() });
  }

  // ---- out ----
  async saveProject(): Promise<void> {
    await this.#telling("file.save.failed", async () => {
      download(await projectOf(this.#studio.scene()), "semdraw");
    });
  }

  async savePng(): Promise<void> {
    await this.saveAs("png");
  }

  /** The settled picture, made by the server; while it is away, the pixels on the screen. */
  async saveAs(ending: PictureEnding): Promise<void> {
    await this.#telling("file.picture.failed", async () => {
      if (this.#studio.isGreeted) return this.#saveFinished(ending);
      download(await this.#shownPng(), "png");
      notices.tell(t("file.offline"));
    });
  }

  /** However long it takes: how far it is stands in the tray, where it can be cancelled. */
  async #saveFinished(ending: PictureEnding): Promise<void> {
    const file = await this.#studio.live.renders.file(this.#studio.sceneShown(), ending);
    if (file) download(file, ending);
  }

  /** The picture that is shown, for other programs to paste. */
  async copyPicture(): Promise<void> {
    await this.#telling("file.copy.failed", async () => {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": this.#shownPng() })]);
      notices.tell(t("file.copied"));
    });
  }

  // ---- in ----
  async chooseProject(): Promise<void> {
    const file = await chooseFile(PROJECTS);
    if (file) await (LAYERED.test(file.name) ? this.openProject(file) : this.#takePicture(file));
  }

  async openProject(file: File): Promise<void> {
    await this.#telling("file.open.failed", async () => {
      this.#studio.open(await sceneOf(file), t("file.open.label", { name: file.name }));
    }, { name: file.name });
  }

  async chooseBackground(): Promise<void> {
    const file = await chooseFile(PICTURES);
    if (file) await this.setBackground(file);
  }

  /** A photo behind what is painted: it keeps its pixels wherever nothing is. */
  async setBackground(file: Blob, name = t("file.picture")): Promise<void> {
    await this.#telling("file.background.failed", async () => {
      const extent = this.#studio.facts?.extent;
      if (extent) this.#studio.edits.setBackground({ type: "image", picture: { png: await coveringPng(file, ...extent) }, prompt: "", negative: "" });
    }, { name });
  }

  dropped(event: DragEvent): void {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    void this.take(file);
  }

  /** A picture from the clipboard; text fields keep what is pasted into them. */
  pasted(event: ClipboardEvent): void {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!file || (event.target instanceof Element && event.target.closest("input, textarea, dialog"))) return;
    event.preventDefault();
    void this.take(file);
  }

  async take(file: File): Promise<void> {
    await (LAYERED.test(file.name) ? this.openProject(file) : this.#takePicture(file));
  }

  /** A picture that was saved here carries its scene; any other becomes the background. */
  async #takePicture(file: File): Promise<void> {
    await ((await carriesScene(file)) ? this.openProject(file) : this.setBackground(file, file.name));
  }

  // ---- the canvas ----
  /** Another size, as one step that can be undone. */
  async resize(extent: Extent, mode: ResizeMode): Promise<void> {
    await this.#telling("file.resize.failed", async () => {
      const background = await this.#backgroundOf(extent, mode);
      this.#studio.finishStroke(); // one may have been painted while the picture behind was made
      const { facts, masks } = this.#studio;
      if (!facts) return;
      const after = resized(facts, masks, extent, mode);
      this.#studio.open(toScene({ ...after.facts, background }, after.masks), t("file.resize.label"));
    });
  }

  /** The background as it is when its picture is ready: it may have become another one meanwhile. */
  async #backgroundOf(extent: Extent, mode: ResizeMode): Promise<Background> {
    for (;;) {
      const { facts } = this.#studio;
      if (!facts) throw new Error(t("file.none"));
      const made = await resizedBackground(facts.background, facts.extent, extent, mode);
      if (this.#studio.facts?.background === facts.background && this.#studio.facts.extent === facts.extent) return made;
    }
  }

  async #shownPng(): Promise<Blob> {
    const pixels = this.pixels();
    if (!pixels) throw new Error(t("file.none"));
    const canvas = new OffscreenCanvas(pixels.width, pixels.height);
    canvas.getContext("2d")?.putImageData(pixels, 0, 0);
    return canvas.convertToBlob({ type: "image/png" });
  }

  async #telling(failure: WordKey, act: () => Promise<void>, values: Readonly<Record<string, string>> = {}): Promise<void> {
    try {
      await act();
    } catch (error) {
      notices.tell(`${t(failure, values)}: ${messageOf(error)}`, { tone: "bad" });
    }
  }
}

/** The picture behind goes where the painting goes; where it does not reach, white shows. */
async function resizedBackground(background: Background, before: Extent, extent: Extent, mode: ResizeMode): Promise<Background> {
  if (background.type !== "image") return background;
  const png = background.picture.png as Uint8Array<ArrayBuffer>;
  const bitmap = await createImageBitmap(new Blob([png], { type: "image/png" }));
  const [width, height] = extent;
  const shown = Math.max(before[0] / bitmap.width, before[1] / bitmap.height);
  const scale = shown * placement(before, extent, mode).a;
  return { ...background, picture: { png: await placedPng(bitmap, { width, height }, { scale, ground: "#ffffff" }) } };
}
