/** A document on a canvas of another size: what is painted goes along. */

import type { Affine } from "../canvas/affine";
import { MaskCanvas } from "../canvas/mask";
import { resampled } from "../canvas/resample";
import type { Extent } from "../wire.gen";
import type { Facts, Masks } from "./document";

/** `fill`: the painting covers the new canvas, edges may be cut; `fit`: all of it stays; `keep`: as large as it was. */
export type ResizeMode = "fill" | "fit" | "keep";

/** How the old canvas lies on the new one: scaled alike in both directions, middle on middle. */
export function placement([w, h]: Extent, [width, height]: Extent, mode: ResizeMode): Affine {
  const sides = [width / w, height / h];
  const scale = mode === "keep" ? 1 : mode === "fill" ? Math.max(...sides) : Math.min(...sides);
  return { a: scale, b: 0, c: 0, d: scale, e: (width - scale * w) / 2, f: (height - scale * h) / 2 };
}

/** Masks are resampled; what a locked layer has frozen of a picture of the old size is let go, its lock stays. */
export function resized(facts: Facts, masks: Masks, extent: Extent, mode: ResizeMode): { facts: Facts; masks: Masks } {
  const affine = placement(facts.extent, extent, mode);
  const layers = facts.layers.map((layer) => ({ ...layer, frozen: null }));
  return {
    facts: { ...facts, extent, layers },
    masks: new Map([...masks].map(([id, mask]) => [id, moved(mask, extent, affine)])),
  };
}

function moved(mask: MaskCanvas, [width, height]: Extent, affine: Affine): MaskCanvas {
  const canvas = new MaskCanvas(width, height);
  const cover = resampled({ rect: mask.bounds, alpha: mask.alpha }, affine, canvas.bounds);
  if (cover) canvas.paste(cover.rect, cover.alpha);
  return canvas;
}
