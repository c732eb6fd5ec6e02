/** The paper that tools work on: the masks of the store, seen through the window. */

import type { Affine } from "../canvas/affine";
import type { MaskCanvas } from "../canvas/mask";
import type { Tip } from "../canvas/stamp";
import { copiesOf } from "../canvas/symmetry";
import type { Point } from "../canvas/view";
import { Work } from "../canvas/work";
import type { Change, LayerFacts } from "../document/document";
import { unlocked } from "../locks";
import { notices } from "../notices.svelte";
import { settings, tipOf } from "../settings.svelte";
import type { Studio } from "../studio.svelte";
import { t, type WordKey } from "../words";
import type { BrushSettings } from "./brush";
import type { FillBounds, FillSettings } from "./fill";
import type { KitSettings, Sources } from "./kit";
import type { Held, Paper, ToolName } from "./tool";

/** The longest string between pen and brush, in CSS pixels. */
const LONGEST_STRING_PX = 70;

/** What the paper needs of the window. */
export interface Window {
  scale(): number;
  pixels(): ImageData | null;
}

export class StudioPaper implements Paper, Sources, KitSettings {
  readonly #studio: Studio;
  readonly #window: Window;

  constructor(studio: Studio, window: Window) {
    this.#studio = studio;
    this.#window = window;
  }

  get width(): number {
    return this.#studio.facts?.extent[0] ?? 0;
  }

  get height(): number {
    return this.#studio.facts?.extent[1] ?? 0;
  }

  get scale(): number {
    return this.#window.scale();
  }

  get copies(): readonly Affine[] {
    return copiesOf(settings.symmetry, { x: this.width / 2, y: this.height / 2 });
  }

  /** What is chosen; of the background, everything that is seen. What is hidden is shown before it is painted. */
  work(): Work | null {
    const { facts, selected, masks, edits } = this.#studio;
    if (!facts) return null;
    if (facts.layers.length === 0) notices.tell(t("tool.needsBrush"));
    const layer = this.#studio.layer(selected);
    const ids = unlocked(this.#meant()).map(({ brush }) => brush.id);
    if (ids.length === 0) return null;
    if (layer && !layer.visible) edits.setVisible(layer.brush.id, true);
    return new Work(new Map([...masks].filter(([id]) => ids.includes(id))));
  }

  commit(label: WordKey, work: Work, moved_px: Point = { x: 0, y: 0 }): void {
    const painted = work.finish();
    const isMoved = moved_px.x !== 0 || moved_px.y !== 0;
    const moves = painted.map(({ brush_id }): Change => {
      const [x, y] = this.#studio.layer(brush_id)?.moved_px ?? [0, 0];
      return { kind: "edit_layer", brush_id, moved_px: [x + moved_px.x, y + moved_px.y] };
    });
    this.#studio.recordStroke(t(label), painted, isMoved ? moves : []);
  }

  tip(held: Held): Tip {
    const { tool, selected, side_px } = this.#studio;
    const { size, ...rest } = tipOf(held.erases ? "eraser" : tool);
    return { ...rest, size_px: size * side_px, erases: held.erases || tool === "eraser" || selected === null };
  }

  // ---- what single tools ask ----
  masks(bounds: FillBounds): readonly MaskCanvas[] {
    const { facts, selected } = this.#studio;
    const seen = facts?.layers.filter(({ visible, brush }) => visible && (bounds !== "own" || brush.id === selected)) ?? [];
    return this.#masksOf(seen);
  }

  movable(): readonly MaskCanvas[] {
    return this.#masksOf(this.#meant().filter(({ locked }) => !locked));
  }

  pixels(): ImageData | null {
    return this.#window.pixels();
  }

  brush(tool: "brush" | "eraser"): BrushSettings {
    return { string_px: LONGEST_STRING_PX * tipOf(tool).smoothing, makesFigures: settings.makesFigures };
  }

  fill(): FillSettings {
    const { bounds, tolerance, gap } = settings.fill;
    return { bounds, tolerance, gap_px: Math.round(gap * this.#studio.side_px) };
  }

  isRadial(): boolean {
    return settings.isRadial;
  }

  #meant(): readonly LayerFacts[] {
    const layer = this.#studio.layer(this.#studio.selected);
    return layer ? [layer] : (this.#studio.facts?.layers.filter(({ visible }) => visible) ?? []);
  }

  #masksOf(layers: readonly LayerFacts[]): readonly MaskCanvas[] {
    return layers.flatMap(({ brush }) => this.#studio.masks.get(brush.id) ?? []);
  }
}

/** Tools whose tip is seen as a ring under the pen. */
export function hasRing(tool: ToolName): boolean {
  return tool === "brush" || tool === "eraser" || tool === "line";
}
