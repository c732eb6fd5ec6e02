/** What a painter can do to regions as a whole: copy, merge, lock, roll, fill by chance. Every call is one step of undo. */

import { messageOf } from "./assert";
import { MaskCanvas } from "./canvas/mask";
import { tilesTowards, united } from "./canvas/morph";
import { nextColor } from "./document/colors";
import { type Change, frozenPx, type LayerFacts, mostBrushes } from "./document/document";
import { nameOf } from "./document/lengths";
import type { Palette } from "./document/palettefile";
import { drawnFrom, oneOf, themesFor } from "./document/themes";
import { newBrushId } from "./edits";
import { unlocked } from "./locks";
import { encode } from "./net/codec";
import { frozenOf } from "./net/regions";
import { notices } from "./notices.svelte";
import type { Studio } from "./studio.svelte";
import { type Brush, type Frozen, MAX_BRUSHES, MAX_MASKS_PX, MAX_MESSAGE_BYTES, MAX_STYLES, NEW_BRUSH, type Style } from "./wire.gen";
import { t } from "./words";

const BY_CHANCE = 4;
const SEEDS_KEPT = 100;
/** A scene has to go up whole; the rest is for what is painted after a lock. */
const MOST_LOCKED_BYTES = 0.75 * MAX_MESSAGE_BYTES;

export class RegionEdits {
  readonly #studio: Studio;
  /** Seeds that were rolled away, by brush; "" is the picture's. */
  readonly #former = new Map<string, (number | null)[]>();
  /** The newest lock of a brush whose pixels are still asked for: earlier answers come too late. */
  readonly #asked = new Map<string, object>();

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  setName(brushId: string, name: string): void {
    this.#studio.run({ label: t("did.name"), mergeKey: `name ${brushId}` }, [{ kind: "edit_brush", brush_id: brushId, name: nameOf(name) }]);
  }

  /** A copy above, chosen at once. */
  duplicate(brushId: string): void {
    this.#studio.finishStroke();
    const found = this.#place(brushId);
    if (!found || !this.#hasRoom(1)) return;
    const { layer, index, mask, layers } = found;
    const color = nextColor(layers.map((other) => other.brush.color));
    const brush = { ...layer.brush, id: newBrushId(), color };
    const copy = { ...layer, brush, locked: false, frozen: null };
    const change: Change = { kind: "insert_layer", layer: copy, mask: new MaskCanvas(mask.width, mask.height, mask.alpha.slice()), index: index + 1 };
    this.#studio.run({ label: t("did.duplicate") }, [change]);
    this.#studio.select(brush.id);
  }

  /** What was painted becomes a part of the region below; the brush goes. */
  mergeDown(brushId: string): void {
    this.#studio.finishStroke();
    const found = this.#place(brushId);
    const below = found && found.layers[found.index - 1];
    if (!found || !below) return void notices.tell(t("merge.nothing"));
    const ground = this.#studio.masks.get(below.brush.id);
    if (!ground || unlocked([found.layer, below]).length < 2) return;
    const tiles = tilesTowards(ground, united(ground, found.mask));
    this.#studio.run({ label: t("did.merge") }, [
      { kind: "swap_tiles", brush_id: below.brush.id, tiles }, { kind: "remove_brush", brush_id: brushId },
    ]);
    this.#studio.select(below.brush.id);
  }

  // ---- the padlock ----
  /**
   * A locked region keeps its paint, and once a picture of it has settled also that, to the byte: the server cuts the
   * pixels out of the settled picture of the scene as it is now. They belong to the step that locked.
   */
  setLocked(brushId: string, locked: boolean): void {
    const label = locked ? t("did.lock") : t("did.unlock");
    this.#studio.run({ label }, [{ kind: "edit_layer", brush_id: brushId, locked, frozen: null }]);
    this.#asked.delete(brushId);
    if (locked) void this.#freeze(brushId);
  }

  async #freeze(brushId: string): Promise<void> {
    const { masks, hasPicture, isGreeted } = this.#studio;
    const mask = masks.get(brushId);
    if (!hasPicture || !mask || mask.isBlank || !this.#studio.layer(brushId)?.visible) return;
    if (!isGreeted) return void notices.tell(t("lock.offline"));
    const ask = {};
    this.#asked.set(brushId, ask);
    const isStill = (): boolean => this.#asked.get(brushId) === ask && this.#studio.masks.get(brushId) === mask;
    try {
      const frozen = await frozenOf(this.#studio.sceneShown(), brushId);
      if (frozen && isStill()) this.#keep(brushId, frozen);
    } catch (error) {
      if (isStill()) notices.tell(t("lock.failed", { reason: messageOf(error) }), { tone: "bad" });
    } finally {
      if (this.#asked.get(brushId) === ask) this.#asked.delete(brushId);
    }
  }

  #keep(brushId: string, frozen: Frozen): void {
    const layer = this.#studio.layer(brushId);
    if (!layer?.locked || layer.frozen) return;
    if (this.#hasRoomFor(frozen)) this.#studio.amend([{ kind: "edit_layer", brush_id: brushId, frozen }]);
    else notices.tell(t("lock.failed", { reason: t("lock.full") }), { tone: "bad" });
  }

  /** Whether the server would still take the whole scene, in pixels and in bytes. */
  #hasRoomFor(frozen: Frozen): boolean {
    const { layers = [], extent: [width, height] = [0, 0] } = this.#studio.facts ?? {};
    const kept_px = layers.reduce((sum, layer) => sum + (layer.frozen ? frozenPx(layer.frozen) : 0), frozenPx(frozen));
    const bytes = encode(this.#studio.scene()).byteLength + frozen.picture.png.byteLength + frozen.mask.deflate.byteLength;
    return layers.length * width * height + kept_px <= MAX_MASKS_PX && bytes <= MOST_LOCKED_BYTES;
  }

  // ---- seeds ----
  /** The chosen region where it has a seed of its own, else the picture. */
  roll(): void {
    const brush = this.#studio.layer(this.#studio.selected)?.brush;
    this.rollSeed(brush && brush.seed !== null ? brush.id : null);
  }

  /** Another seed for one brush, which may have had none; null is the picture. */
  rollSeed(brushId: string | null): void {
    const former = this.#seedOf(brushId);
    if (former === undefined) return;
    const seeds = this.#former.get(brushId ?? "") ?? [];
    this.#former.set(brushId ?? "", [...seeds, former].slice(-SEEDS_KEPT));
    this.#setSeed(brushId, crypto.getRandomValues(new Uint32Array(1))[0] as number, t("did.roll"));
  }

  /** The seed before the last roll, of the chosen region or the picture, whichever `roll` takes. */
  rollBack(): void {
    const brush = this.#studio.layer(this.#studio.selected)?.brush;
    this.seedBack(brush && (brush.seed !== null || this.#former.get(brush.id)?.length) ? brush.id : null);
  }

  seedBack(brushId: string | null): void {
    const seeds = this.#former.get(brushId ?? "") ?? [];
    const former = seeds.at(-1);
    if (former === undefined || this.#seedOf(brushId) === undefined) return void notices.tell(t("seed.none_before"));
    this.#former.set(brushId ?? "", seeds.slice(0, -1));
    this.#setSeed(brushId, former, t("did.roll_back"));
  }

  #seedOf(brushId: string | null): number | null | undefined {
    return brushId === null ? this.#studio.facts?.seed : this.#studio.layer(brushId)?.brush.seed;
  }

  #setSeed(brushId: string | null, seed: number | null, label: string): void {
    if (brushId !== null) this.#studio.run({ label }, [{ kind: "edit_brush", brush_id: brushId, seed }]);
    else if (seed !== null) this.#studio.run({ label }, [{ kind: "set_seed", seed }]);
  }

  // ---- palettes ----
  setStyles(styles: readonly Style[]): void {
    if (styles.length > MAX_STYLES) return notices.tell(t("style.full", { most: MAX_STYLES }));
    this.#studio.run({ label: t("did.styles"), mergeKey: "styles" }, [{ kind: "set_styles", styles }]);
  }

  /** Other words for all brushes that are not locked, that go together and with the background; a few brushes if there are none. */
  fillByChance(): void {
    const { facts, model } = this.#studio;
    const theme = oneOf(themesFor(model?.objects ?? [], model?.backgrounds ?? []));
    if (!facts || !theme) return void notices.tell(t("chance.none"));
    const open = facts.layers.filter((layer) => !layer.locked);
    const prompts = drawnFrom(theme.things, facts.layers.length === 0 ? BY_CHANCE : open.length);
    const changes: Change[] = facts.layers.length === 0
      ? this.#inserted(prompts.map((prompt) => ({ ...NEW_BRUSH, prompt })))
      : open.map(({ brush }, index) => ({ kind: "edit_brush", brush_id: brush.id, prompt: prompts[index] ?? "", name: "" }));
    if (facts.background.type === "prompt") changes.push({ kind: "set_background", background: { ...facts.background, prompt: theme.ground } });
    this.#studio.run({ label: t("did.chance") }, changes);
  }

  /** The brushes of a palette above all others, with what it says of background and styles. */
  addPalette({ brushes, background, styles }: Palette): void {
    const { facts } = this.#studio;
    if (!facts || !this.#hasRoom(brushes.length)) return;
    const changes = this.#inserted(brushes);
    if (background && facts.background.type === "prompt" && background.prompt) changes.push({ kind: "set_background", background: { type: "prompt", ...background } });
    if (styles) changes.push({ kind: "set_styles", styles });
    this.#studio.run({ label: t("did.palette") }, changes);
    const last = this.#studio.facts?.layers.at(-1);
    if (brushes.length > 0 && last) this.#studio.select(last.brush.id);
  }

  /** Put these pixels in the place of what was painted. */
  setMask(brushId: string, alpha: Uint8Array): void {
    const found = this.#place(brushId);
    if (!found || unlocked([found.layer]).length === 0) return;
    this.#studio.finishStroke();
    const tiles = tilesTowards(found.mask, alpha);
    if (tiles.size > 0) this.#studio.run({ label: t("did.mask") }, [{ kind: "swap_tiles", brush_id: brushId, tiles }]);
  }

  #inserted(brushes: readonly (Omit<Brush, "id" | "color"> & { readonly color?: string })[]): Change[] {
    const { layers = [], extent = [1, 1] as const } = this.#studio.facts ?? {};
    const used = layers.map((layer) => layer.brush.color);
    return brushes.map((fields, count) => {
      const color = fields.color ?? nextColor(used);
      used.push(color);
      const layer: LayerFacts = { brush: { ...fields, id: newBrushId(), color }, visible: true, locked: false, frozen: null, moved_px: [0, 0] };
      return { kind: "insert_layer", layer, mask: new MaskCanvas(...extent), index: layers.length + count };
    });
  }

  #hasRoom(count: number): boolean {
    const { facts } = this.#studio;
    const most = facts ? mostBrushes(facts) : MAX_BRUSHES;
    if (!facts || facts.layers.length + count <= most) return true;
    notices.tell(t("brush.no_room", { size: facts.extent.join(" × "), count: most }), { tone: "bad" });
    return false;
  }

  #place(brushId: string) {
    const layers = this.#studio.facts?.layers ?? [];
    const index = layers.findIndex((layer) => layer.brush.id === brushId);
    const [layer, mask] = [layers[index], this.#studio.masks.get(brushId)];
    return layer && mask ? { layers, index, layer, mask } : null;
  }
}
