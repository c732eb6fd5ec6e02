/** Symmetry: one gesture, several places. */

import { about, type Affine, IDENTITY, stretch, turn } from "./affine";
import type { Point } from "./view";

export const SYMMETRIES = ["off", "vertical", "horizontal", "both", "radial"] as const;
export type SymmetryKind = (typeof SYMMETRIES)[number];

export interface Symmetry {
  readonly kind: SymmetryKind;
  /** How many copies lie around the centre, where the kind is radial. */
  readonly count: number;
}

/** Where a gesture is repeated; the first is the gesture itself. */
export function copiesOf({ kind, count }: Symmetry, centre: Point): readonly Affine[] {
  const [leftRight, topBottom] = [about(centre, stretch(-1, 1)), about(centre, stretch(1, -1))];
  switch (kind) {
    case "off": return [IDENTITY];
    case "vertical": return [IDENTITY, leftRight];
    case "horizontal": return [IDENTITY, topBottom];
    case "both": return [IDENTITY, leftRight, topBottom, about(centre, stretch(-1, -1))];
    case "radial": return Array.from({ length: count }, (_, index) => (index === 0 ? IDENTITY : about(centre, turn((2 * Math.PI * index) / count))));
  }
}

/** Lines that show it, on a canvas of this size. */
export function axesOf({ kind, count }: Symmetry, width: number, height: number): readonly (readonly [Point, Point])[] {
  const [cx, cy] = [width / 2, height / 2];
  const upright: readonly [Point, Point] = [{ x: cx, y: 0 }, { x: cx, y: height }];
  const level: readonly [Point, Point] = [{ x: 0, y: cy }, { x: width, y: cy }];
  switch (kind) {
    case "off": return [];
    case "vertical": return [upright];
    case "horizontal": return [level];
    case "both": return [upright, level];
    case "radial": return Array.from({ length: count }, (_, index) => {
      const angle = (2 * Math.PI * (index + 0.5)) / count - Math.PI / 2;
      const reach = Math.min(width, height) / 2;
      return [{ x: cx, y: cy }, { x: cx + reach * Math.cos(angle), y: cy + reach * Math.sin(angle) }] as const;
    });
  }
}
