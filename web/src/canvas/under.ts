/** Which region lies under a place of the document. */

import type { LayerFacts, Masks } from "../document/document";
import type { Point } from "./view";

const HALF = 127;

/** The topmost visible layer that is painted there, half at least; null is the background. */
export function topmostAt({ x, y }: Point, layers: readonly LayerFacts[], masks: Masks): LayerFacts | null {
  return layers.findLast(({ brush, visible }) => {
    const mask = masks.get(brush.id);
    const isInside = mask && x >= 0 && y >= 0 && x < mask.width && y < mask.height;
    return isInside && visible && (mask.alpha[Math.floor(y) * mask.width + Math.floor(x)] ?? 0) > HALF;
  }) ?? null;
}
