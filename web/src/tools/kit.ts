/** All tools, ready for the hand, over one paper. */

import { Brush, type BrushSettings } from "./brush";
import { DragTool, ELLIPSE, gradient, LINE, RECTANGLE } from "./drag";
import { Fill, type FillSettings, type FillSources } from "./fill";
import { Move } from "./move";
import { Lasso, Polygon } from "./outline";
import type { Paper, Tool, ToolName } from "./tool";
import type { MaskCanvas } from "../canvas/mask";

/** What the painter has set, read at the moment when it counts. */
export interface KitSettings {
  brush(tool: "brush" | "eraser"): BrushSettings;
  fill(): FillSettings;
  isRadial(): boolean;
}

export interface Sources extends FillSources {
  /** Masks that the move tool would take. */
  movable(): readonly MaskCanvas[];
}

export type Kit = Readonly<Record<ToolName, Tool>>;

export function kitOf(paper: Paper & Sources & KitSettings): Kit {
  return {
    brush: new Brush(paper, () => paper.brush("brush")),
    eraser: new Brush(paper, () => paper.brush("eraser")),
    line: new DragTool(paper, LINE),
    rectangle: new DragTool(paper, RECTANGLE),
    ellipse: new DragTool(paper, ELLIPSE),
    polygon: new Polygon(paper),
    lasso: new Lasso(paper),
    fill: new Fill(paper, paper, () => paper.fill()),
    gradient: new DragTool(paper, gradient(() => paper.isRadial())),
    move: new Move(paper, () => paper.movable()),
  };
}
