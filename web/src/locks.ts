/** A locked layer keeps its region: strokes, the eraser and clearing leave it out, and say so. */

import type { LayerFacts } from "./document/document";
import { notices } from "./notices.svelte";

export function unlocked(layers: readonly LayerFacts[]): readonly LayerFacts[] {
  const names = layers.filter((layer) => layer.locked).map(({ brush }) => brush.prompt || "a brush without words");
  if (names.length > 0) notices.tell(`Locked: ${names.join(", ")} (K unlocks the chosen brush)`);
  return layers.filter((layer) => !layer.locked);
}
