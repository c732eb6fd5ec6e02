/** Lines over the picture that are no part of it: outlines in the making, handles, axes. */

import type { Point } from "./view";

export interface Guide {
  /** A line, a dashed axis, or a point that can be dragged. */
  readonly kind: "line" | "axis" | "handle";
  /** In document pixels; of a handle only the first counts. */
  readonly points: readonly Point[];
  readonly isClosed?: boolean;
}
