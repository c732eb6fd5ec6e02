/** Sizes of canvases that a model takes. */

import { type Extent, MAX_SIDE_PX } from "../wire.gen";

const LEAST_SIDE_PX = 64;
const SHAPES: readonly (readonly [number, number])[] = [[1, 1], [4, 3], [3, 4], [16, 9], [9, 16], [2, 1], [2, 2]];

/** The nearest side that the model takes; what is no number leaves the side as it was. */
export function fitting(side: number, multiple: number, former: number): number {
  if (!Number.isFinite(side)) return former;
  const [least, most] = [Math.ceil(LEAST_SIDE_PX / multiple), Math.floor(MAX_SIDE_PX / multiple)];
  return Math.min(most, Math.max(least, Math.round(side / multiple))) * multiple;
}

/** The model's own size first; then other shapes whose shorter side is as long as that of the model, and one twice as large. */
export function presets(own: Extent, multiple: number): readonly Extent[] {
  const side = Math.min(...own);
  const [long, short] = [(w: number, h: number) => fitting((side * w) / h, multiple, side), fitting(side, multiple, side)];
  const shaped = SHAPES.map(([w, h]): Extent => {
    if (w === h) return [fitting(side * w, multiple, side), fitting(side * h, multiple, side)];
    return w > h ? [long(w, h), short] : [short, long(h, w)];
  });
  return [own, ...shaped].filter(([w, h], at, all) => all.findIndex(([x, y]) => x === w && y === h) === at);
}
