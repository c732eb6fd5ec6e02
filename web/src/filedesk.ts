/** Saving, opening and starting anew, with words for what goes wrong. */

import { messageOf } from "./assert";
import { chooseFile, coveringPng, download, pictureOf, projectOf, sceneOf } from "./net/files";
import { notices } from "./notices.svelte";
import type { Studio } from "./studio.svelte";

const PROJECTS = ".semdraw,.png";
const PICTURES = "image/png,image/jpeg,image/webp";

export class FileDesk {
  /** What is shown now; the picture to save while the server is away. */
  pixels: () => ImageData | null = () => null;
  readonly #studio: Studio;

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  newPicture(): void {
    const { facts, model } = this.#studio;
    if (!facts) return;
    const canvas = { extent: model?.extent ?? facts.extent, layers: [], background: { type: "prompt", prompt: "", negative: "" } } as const;
    this.#studio.open({ canvas, brushes: [], recipe: facts.recipe, seed: 0, frame: 0, styles: facts.styles }, "new picture");
    notices.tell("A new picture", { action: { label: "Undo", run: () => this.#studio.undo() } });
  }

  async saveProject(): Promise<void> {
    await this.#telling("The project could not be saved", async () => {
      download(await projectOf(this.#studio.scene()), "semdraw");
    });
  }

  /** The settled picture, made by the server; while it is away, the pixels on the screen. */
  async savePng(): Promise<void> {
    await this.#telling("The picture could not be saved", async () => {
      if (this.#studio.isGreeted) return download(await pictureOf(this.#studio.scene()), "png");
      download(await this.#shownPng(), "png");
      notices.tell("Offline: saved the picture that is shown, without its project data");
    });
  }

  async chooseProject(): Promise<void> {
    const file = await chooseFile(PROJECTS);
    if (file) await this.openProject(file);
  }

  async openProject(file: File): Promise<void> {
    await this.#telling(`${file.name} could not be opened`, async () => {
      this.#studio.open(await sceneOf(file), `open ${file.name}`);
    });
  }

  async chooseBackground(): Promise<void> {
    const file = await chooseFile(PICTURES);
    if (file) await this.setBackground(file);
  }

  async setBackground(file: File): Promise<void> {
    await this.#telling(`${file.name} is not a picture that this browser reads`, async () => {
      const extent = this.#studio.facts?.extent;
      if (extent) this.#studio.edits.setBackground({ type: "image", picture: { png: await coveringPng(file, ...extent) }, prompt: "", negative: "" });
    });
  }

  dropped(event: DragEvent): void {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    void (file.name.toLowerCase().endsWith(".semdraw") ? this.openProject(file) : this.#takePicture(file));
  }

  /** A picture that was saved here carries its scene; any other becomes the background. */
  async #takePicture(file: File): Promise<void> {
    const scene = file.type === "image/png" ? await sceneOf(file).catch(() => null) : null;
    if (scene) this.#studio.open(scene, `open ${file.name}`);
    else await this.setBackground(file);
  }

  async #shownPng(): Promise<Blob> {
    const pixels = this.pixels();
    if (!pixels) throw new Error("there is no picture yet");
    const canvas = new OffscreenCanvas(pixels.width, pixels.height);
    canvas.getContext("2d")?.putImageData(pixels, 0, 0);
    return canvas.convertToBlob({ type: "image/png" });
  }

  async #telling(failure: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      notices.tell(`${failure}: ${messageOf(error)}`, { tone: "bad" });
    }
  }
}
