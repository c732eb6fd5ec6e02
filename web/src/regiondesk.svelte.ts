/** Palettes and masks as files, and what of a region is looked into. */

import { zipSync } from "fflate";
import { messageOf } from "./assert";
import { brushName } from "./document/names";
import { PaletteError, paletteOf, paletteText } from "./document/palettefile";
import { chooseFile, download } from "./net/files";
import { maskFrom, maskPng } from "./net/masks";
import { notices } from "./notices.svelte";
import type { Studio } from "./studio.svelte";
import { t, type WordKey } from "./words";

const PICTURES = "image/png,image/jpeg,image/webp";

export class RegionDesk {
  /** The brush whose effective masks are shown. */
  inspected = $state<string | null>(null);
  /** The next click on the canvas takes the words of the region there. */
  isTakingWords = $state(false);
  readonly #studio: Studio;

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  savePalette(): void {
    const { facts } = this.#studio;
    if (!facts) return;
    const { background, layers, styles } = facts;
    const behind = background.type === "color" ? null : { prompt: background.prompt, negative: background.negative };
    download(new Blob([paletteText(layers.map(({ brush }) => brush), behind, styles)], { type: "application/json" }), "palette.json");
  }

  async choosePalette(): Promise<void> {
    const file = await chooseFile(".json,application/json");
    if (file) await this.openPalette(file);
  }

  async openPalette(file: File): Promise<void> {
    try {
      this.#studio.regions.addPalette(paletteOf(await file.text()));
    } catch (error) {
      const reason = error instanceof PaletteError ? t(error.message as WordKey) : messageOf(error);
      notices.tell(t("palette.failed", { file: file.name, reason }), { tone: "bad" });
    }
  }

  /** One PNG for each region, named by order and words, in one file. */
  async saveMasks(): Promise<void> {
    const files: Record<string, Uint8Array> = {};
    for (const [index, { brush }] of (this.#studio.facts?.layers ?? []).entries()) {
      const mask = this.#studio.masks.get(brush.id);
      if (mask) files[`${String(index + 1).padStart(2, "0")} ${plain(brushName(brush, index))}.png`] = await maskPng(mask);
    }
    const packed = zipSync(files, { level: 0 }) as Uint8Array<ArrayBuffer>;
    download(new Blob([packed], { type: "application/zip" }), "zip");
  }

  async saveMask(brushId: string): Promise<void> {
    const mask = this.#studio.masks.get(brushId);
    if (mask) download(new Blob([(await maskPng(mask)) as Uint8Array<ArrayBuffer>], { type: "image/png" }), "png");
  }

  async chooseMask(brushId: string): Promise<void> {
    const file = await chooseFile(PICTURES);
    if (file) await this.openMask(brushId, file);
  }

  /** The picture is scaled to the canvas; white is painted. */
  async openMask(brushId: string, file: File): Promise<void> {
    const { facts, regions } = this.#studio;
    if (!facts) return;
    try {
      regions.setMask(brushId, await maskFrom(file, facts.extent));
    } catch {
      notices.tell(t("mask.failed", { file: file.name }), { tone: "bad" });
    }
  }
}

/** A name that every file system takes. */
function plain(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N} _-]+/gu, " ").trim().slice(0, 60) || "region";
}
