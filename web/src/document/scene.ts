/** Between the document of the page and the scene of the wire. */

import { unzlibSync, zlibSync } from "fflate";
import { MaskCanvas } from "../canvas/mask";
import { type Background, type Mask, NEW_BRUSH, NEW_RECIPE, type Scene } from "../wire.gen";
import type { Facts, Masks } from "./document";

/** Of layers that were saved before they could be moved. */
const UNMOVED = [0, 0] as const;
const NO_WORDS = { prompt: "", negative: "" } as const;

export function deflate(bytes: Uint8Array): Uint8Array {
  return zlibSync(bytes, { level: 1 });
}

/** Deflated whole masks, kept while nothing is painted: saving and reconnecting ask for them again and again. */
const deflated = new WeakMap<MaskCanvas, { version: number; mask: Mask }>();

function toMask(canvas: MaskCanvas): Mask {
  const kept = deflated.get(canvas);
  if (kept?.version === canvas.version) return kept.mask;
  const mask = { width: canvas.width, height: canvas.height, deflate: deflate(canvas.alpha) };
  deflated.set(canvas, { version: canvas.version, mask });
  return mask;
}

export function toScene(facts: Facts, masks: Masks): Scene {
  const { extent, layers, background, recipe, seed, frame, styles } = facts;
  return {
    canvas: {
      extent,
      layers: layers.map(({ brush, visible, locked, frozen, moved_px }) => {
        const mask = masks.get(brush.id);
        if (!mask) throw new Error(`no mask of brush ${brush.id}`);
        return { brush_id: brush.id, mask: toMask(mask), visible, locked, frozen, moved_px };
      }),
      background,
    },
    brushes: layers.map((layer) => layer.brush),
    recipe,
    seed,
    frame,
    styles,
  };
}

/** With the fields that older documents do not have. */
function complete(background: Background): Background {
  return background.type === "color" ? background : { ...NO_WORDS, ...background };
}

/** The document of a scene, which may have been saved by an older page. */
export function fromScene(scene: Scene): { facts: Facts; masks: Masks } {
  const { extent, layers, background } = scene.canvas;
  const brushes = new Map(scene.brushes.map((brush) => [brush.id, { ...NEW_BRUSH, ...brush }]));
  const masks = new Map<string, MaskCanvas>();
  const layerFacts = layers.map(({ brush_id, mask, visible, locked, frozen, moved_px }) => {
    const brush = brushes.get(brush_id);
    if (!brush) throw new Error(`the scene has a layer without a brush: ${brush_id}`);
    const out = new Uint8Array(mask.width * mask.height);
    masks.set(brush_id, new MaskCanvas(mask.width, mask.height, unzlibSync(mask.deflate, { out })));
    return { brush, visible, locked, frozen: frozen ?? null, moved_px: moved_px ?? UNMOVED };
  });
  const { seed, frame = 0, styles = [] } = scene;
  const facts = { extent, layers: layerFacts, background: complete(background), recipe: { ...NEW_RECIPE, ...scene.recipe }, seed, frame, styles };
  return { facts, masks };
}
