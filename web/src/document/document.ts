/** The painter's document: frozen facts, one mask per layer, and the only place that changes either. */

import { assertNever } from "../assert";
import type { MaskCanvas, Tiles } from "../canvas/mask";
import {
  type Background, type Brush, type Command, type EditBrush, type EditLayer, type Extent, type Frozen, MAX_AREA_PX, MAX_BRUSHES, MAX_MASKS_PX,
  type MoveLayer, type Recipe, type RemoveBrush, type SetBackground, type SetFrame, type SetRecipe, type SetSeed, type SetStyles, type Style,
} from "../wire.gen";
import { toScene } from "./scene";

export interface LayerFacts {
  readonly brush: Brush;
  readonly visible: boolean;
  readonly locked: boolean;
  /** The pixels that a locked layer keeps. */
  readonly frozen: Frozen | null;
  /** How far its region was moved since it was painted; its noise goes along. */
  readonly moved_px: readonly [number, number];
}

/** All of a scene but the painted pixels; layers bottom first. */
export interface Facts {
  readonly extent: Extent;
  readonly layers: readonly LayerFacts[];
  readonly background: Background;
  readonly recipe: Recipe;
  readonly seed: number;
  readonly frame: number;
  readonly styles: readonly Style[];
}

export type Masks = ReadonlyMap<string, MaskCanvas>;

interface InsertLayer {
  readonly kind: "insert_layer";
  readonly layer: LayerFacts;
  readonly mask: MaskCanvas;
  readonly index: number;
}

interface SwapTiles {
  readonly kind: "swap_tiles";
  readonly brush_id: string;
  readonly tiles: Tiles;
}

interface Open {
  readonly kind: "open";
  readonly facts: Facts;
  readonly masks: Masks;
}

export type Change =
  | EditBrush | EditLayer | MoveLayer | RemoveBrush | SetBackground | SetFrame | SetRecipe | SetSeed | SetStyles | InsertLayer | SwapTiles | Open;

/** Undoes the change; `commands` tell the server, painted pixels excepted: masks know what of them is unsent. */
export interface Applied {
  readonly inverse: Change;
  readonly commands: readonly Command[];
}

/** Of all masks that a scene may have, what frozen pixels take: their mask, and about as much for their picture. */
export function frozenPx({ mask: { width, height } }: Frozen): number {
  return 2 * width * height;
}

/** How many brushes a scene of this size may have, with the pixels that its padlocks keep. */
export function mostBrushes({ extent: [width, height], layers }: Pick<Facts, "extent" | "layers">): number {
  const kept_px = layers.reduce((sum, { frozen }) => sum + (frozen ? frozenPx(frozen) : 0), 0);
  return Math.min(MAX_BRUSHES, Math.floor((MAX_MASKS_PX - kept_px) / (width * height)));
}

/** The largest area of a canvas that has so many brushes. */
export function mostPixels(brushes: number): number {
  return Math.min(MAX_AREA_PX, MAX_MASKS_PX / Math.max(1, brushes));
}

export class Document {
  #facts: Facts;
  #masks: Map<string, MaskCanvas>;

  constructor(facts: Facts, masks: Masks) {
    this.#facts = facts;
    this.#masks = new Map(masks);
  }

  get facts(): Facts {
    return this.#facts;
  }

  get masks(): Masks {
    return this.#masks;
  }

  mask(brushId: string): MaskCanvas {
    const mask = this.#masks.get(brushId);
    if (!mask) throw new Error(`no mask of brush ${brushId}`);
    return mask;
  }

  apply(change: Change): Applied {
    switch (change.kind) {
      case "edit_brush": return this.#editBrush(change);
      case "edit_layer": return this.#editLayer(change);
      case "move_layer": return this.#moveLayer(change);
      case "insert_layer": return this.#insertLayer(change);
      case "remove_brush": return this.#removeBrush(change);
      case "swap_tiles": {
        const tiles = this.mask(change.brush_id).swap(change.tiles);
        return { inverse: { ...change, tiles }, commands: [] };
      }
      case "set_background": return this.#set(change, "background");
      case "set_seed": return this.#set(change, "seed");
      case "set_frame": return this.#set(change, "frame");
      case "set_styles": return this.#set(change, "styles");
      case "set_recipe": return this.#set(change, "recipe");
      case "open": return this.#open(change);
      default: return assertNever(change);
    }
  }

  #set<K extends keyof Facts>(change: Extract<Change, Command> & { readonly [key in K]: Facts[K] }, key: K): Applied {
    const inverse = { ...change, [key]: this.#facts[key] };
    this.#facts = { ...this.#facts, [key]: change[key] };
    return { inverse, commands: [change] };
  }

  #index(brushId: string): number {
    const index = this.#facts.layers.findIndex((layer) => layer.brush.id === brushId);
    if (index < 0) throw new Error(`no brush ${brushId}`);
    return index;
  }

  #replaceLayer(index: number, layer: LayerFacts): LayerFacts {
    const old = this.#facts.layers[index];
    if (!old) throw new Error(`no layer ${index}`);
    this.#facts = { ...this.#facts, layers: this.#facts.layers.with(index, layer) };
    return old;
  }

  #editBrush(change: EditBrush): Applied {
    const { kind, brush_id, ...fields } = change;
    const index = this.#index(brush_id);
    const layer = this.#facts.layers[index] as LayerFacts;
    this.#replaceLayer(index, { ...layer, brush: { ...layer.brush, ...fields } });
    return { inverse: { kind, brush_id, ...fieldsOf(layer.brush, fields) }, commands: [change] };
  }

  #editLayer(change: EditLayer): Applied {
    const { kind, brush_id, ...fields } = change;
    const index = this.#index(brush_id);
    const layer = this.#facts.layers[index] as LayerFacts;
    this.#replaceLayer(index, { ...layer, ...fields });
    return { inverse: { kind, brush_id, ...fieldsOf(layer, fields) }, commands: [change] };
  }

  #moveLayer(change: MoveLayer): Applied {
    const from = this.#index(change.brush_id);
    const layers = [...this.#facts.layers];
    layers.splice(change.index, 0, ...layers.splice(from, 1));
    this.#facts = { ...this.#facts, layers };
    return { inverse: { ...change, index: from }, commands: [change] };
  }

  #insertLayer({ layer, mask, index }: InsertLayer): Applied {
    this.#masks.set(layer.brush.id, mask);
    this.#facts = { ...this.#facts, layers: this.#facts.layers.toSpliced(index, 0, layer) };
    if (!mask.isBlank) mask.touch(mask.bounds);
    const commands: Command[] = [{ kind: "add_brush", brush: layer.brush, index }];
    const { visible, locked, frozen, moved_px } = layer;
    if (!visible || locked || moved_px.some(Boolean)) commands.push({ kind: "edit_layer", brush_id: layer.brush.id, visible, locked, frozen, moved_px });
    return { inverse: { kind: "remove_brush", brush_id: layer.brush.id }, commands };
  }

  #removeBrush(change: RemoveBrush): Applied {
    const index = this.#index(change.brush_id);
    const layer = this.#facts.layers[index] as LayerFacts;
    const mask = this.mask(change.brush_id);
    mask.unsent.take();
    this.#masks.delete(change.brush_id);
    this.#facts = { ...this.#facts, layers: this.#facts.layers.toSpliced(index, 1) };
    return { inverse: { kind: "insert_layer", layer, mask, index }, commands: [change] };
  }

  #open({ facts, masks }: Open): Applied {
    const inverse: Open = { kind: "open", facts: this.#facts, masks: this.#masks };
    this.#facts = facts;
    this.#masks = new Map(masks);
    const scene = toScene(facts, masks);
    for (const mask of masks.values()) mask.unsent.take();
    return { inverse, commands: [{ kind: "replace_scene", scene }] };
  }
}

/** The values that `whole` has for the keys of `part`. */
function fieldsOf<T extends object, P extends Partial<T>>(whole: T, part: P): P {
  return Object.fromEntries(Object.keys(part).map((key) => [key, whole[key as keyof T]])) as P;
}
