/** What a painter can do to the document, besides strokes: every call is one step that can be undone. */

import { MaskCanvas } from "./canvas/mask";
import { grown, inverted, tilesTowards } from "./canvas/morph";
import { nextColor } from "./document/colors";
import { mostBrushes } from "./document/document";
import type { Edit } from "./document/history";
import { promptOf } from "./document/lengths";
import { looseName } from "./document/names";
import { unlocked } from "./locks";
import { notices } from "./notices.svelte";
import type { Studio } from "./studio.svelte";
import { t } from "./words";
import { type Background, type Brush, NEW_BRUSH, type Recipe } from "./wire.gen";

export function newBrushId(): string {
  return `b${crypto.getRandomValues(new Uint32Array(2)).reduce((text, value) => text + value.toString(36), "")}`;
}

/** What the details of a brush set. */
export type Details = Pick<Partial<Brush>, "negative" | "strength" | "prompt_strength" | "softness_px" | "seed" | "acts_from" | "acts_until">;

export class Edits {
  readonly #studio: Studio;

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  /** A new brush on top of all layers, chosen at once; false where there is no room for one. */
  addBrush(): boolean {
    const { facts } = this.#studio;
    if (!facts) return false;
    const { layers, extent } = facts;
    if (layers.length >= mostBrushes(facts)) {
      notices.tell(t("brush.no_room", { size: extent.join(" × "), count: mostBrushes(facts) }), { tone: "bad" });
      return false;
    }
    const id = newBrushId();
    const color = nextColor(layers.map((layer) => layer.brush.color));
    const brush = { ...NEW_BRUSH, id, color };
    const layer = { brush, visible: true, locked: false, frozen: null, moved_px: [0, 0] as const };
    const mask = new MaskCanvas(...extent);
    this.#studio.run({ label: t("region.new") }, [{ kind: "insert_layer", layer, mask, index: layers.length }]);
    this.#studio.select(id);
    return true;
  }

  removeBrush(brushId: string): void {
    const layer = this.#studio.layer(brushId);
    if (!layer) return;
    const name = looseName(layer.brush);
    this.#studio.run({ label: t("did.remove", { name }) }, [{ kind: "remove_brush", brush_id: brushId }]);
    notices.tell(t("brush.removed", { name }), { action: this.#studio.takingBack() });
  }

  setPrompt(brushId: string, prompt: string): void {
    const edit = { label: t("did.prompt"), mergeKey: `prompt ${brushId}` };
    this.#studio.run(edit, [{ kind: "edit_brush", brush_id: brushId, prompt: promptOf(prompt) }]);
  }

  /** Fields of the brush that are set by sliders and fields of its details; the travel of one is one step. */
  setDetails(brushId: string, details: Details): void {
    const names = Object.keys(details) as (keyof Details)[];
    const label = names.map((name) => t(`did.${name}`)).join(", ");
    const fields = details.negative === undefined ? details : { ...details, negative: promptOf(details.negative) };
    this.#studio.run({ label, mergeKey: `${names.join(" ")} ${brushId}` }, [{ kind: "edit_brush", brush_id: brushId, ...fields }]);
  }

  setColor(brushId: string, color: string): void {
    const edit = { label: t("did.color"), mergeKey: `colour ${brushId}` };
    this.#studio.run(edit, [{ kind: "edit_brush", brush_id: brushId, color }]);
  }

  setVisible(brushId: string, visible: boolean): void {
    const label = visible ? t("did.show") : t("did.hide");
    this.#studio.run({ label }, [{ kind: "edit_layer", brush_id: brushId, visible }]);
  }

  /** Put the layer at `index`, counted from the bottom; beyond the ends means the end. */
  moveLayer(brushId: string, index: number): void {
    const layers = this.#studio.facts?.layers ?? [];
    const target = Math.max(0, Math.min(layers.length - 1, index));
    if (layers[target]?.brush.id === brushId) return;
    this.#studio.run({ label: t("did.order") }, [{ kind: "move_layer", brush_id: brushId, index: target }]);
  }

  clearRegion(brushId: string): void {
    const layer = this.#studio.layer(brushId);
    const mask = this.#studio.masks.get(brushId);
    if (!layer || !mask || mask.isBlank || unlocked([layer]).length === 0) return;
    const tiles = new Map(mask.tilesIn(mask.bounds).map((index) => {
      const { width, height } = mask.tileRect(index);
      return [index, new Uint8Array(width * height)];
    }));
    this.#studio.run({ label: t("did.clear") }, [{ kind: "swap_tiles", brush_id: brushId, tiles }]);
  }

  /** What is painted becomes bare, what is bare is painted. */
  invertRegion(): void {
    this.#remask(t("did.invert"), inverted);
  }

  /** By a share of the canvas's shorter side; less than none shrinks. */
  growRegion(share: number): void {
    const radius_px = Math.sign(share) * Math.max(1, Math.round(Math.abs(share) * this.#studio.side_px));
    this.#remask(t(share > 0 ? "did.grow" : "did.shrink"), (mask) => grown(mask, radius_px));
  }

  /** Another mask in the place of that of the chosen brush. */
  #remask(label: string, made: (mask: MaskCanvas) => Uint8Array): void {
    const layer = this.#studio.layer(this.#studio.selected);
    const mask = this.#studio.masks.get(layer?.brush.id ?? "");
    if (!layer || !mask || unlocked([layer]).length === 0) return;
    this.#studio.finishStroke();
    const tiles = tilesTowards(mask, made(mask));
    if (tiles.size > 0) this.#studio.run({ label }, [{ kind: "swap_tiles", brush_id: layer.brush.id, tiles }]);
  }

  /** Letters of a prompt and the travel of a colour are one step; another kind of background is a step of its own. */
  setBackground(background: Background): void {
    const before = this.#studio.facts?.background;
    const isOtherPicture = before?.type === "image" && background.type === "image" && before.picture !== background.picture;
    const merges = before?.type === background.type && !isOtherPicture;
    const edit: Edit = { label: t("did.background"), ...(merges ? { mergeKey: `background ${background.type}` } : {}) };
    this.#studio.run(edit, [{ kind: "set_background", background: background.type === "color" ? background : inBounds(background) }]);
  }

  /** How the picture is made; the travel of a slider is one step. */
  setRecipe(part: Partial<Recipe>): void {
    const { facts } = this.#studio;
    if (!facts) return;
    const key = `recipe ${Object.keys(part).join(" ")}`;
    this.#studio.run({ label: t("did.recipe"), mergeKey: key }, [{ kind: "set_recipe", recipe: { ...facts.recipe, ...part } }]);
  }

  setSeed(seed: number): void {
    this.#studio.run({ label: t("did.seed") }, [{ kind: "set_seed", seed }]);
  }
}

function inBounds<B extends Exclude<Background, { type: "color" }>>(background: B): B {
  return { ...background, prompt: promptOf(background.prompt), negative: promptOf(background.negative) };
}
