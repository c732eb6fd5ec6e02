/** A locked layer keeps its region: strokes, the eraser and clearing leave it out, and say so. */

import type { LayerFacts } from "./document/document";
import { looseName } from "./document/names";
import { notices } from "./notices.svelte";
import { t } from "./words";

export function unlocked(layers: readonly LayerFacts[]): readonly LayerFacts[] {
  const names = layers.filter((layer) => layer.locked).map(({ brush }) => looseName(brush));
  if (names.length > 0) notices.tell(t("lock.told", { names: names.join(", ") }));
  return layers.filter((layer) => !layer.locked);
}
