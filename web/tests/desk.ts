/** A paper for tools without a page: one mask, one screen pixel per document pixel, settings as a test likes them. */

import { type Affine, IDENTITY } from "../src/canvas/affine";
import { MaskCanvas } from "../src/canvas/mask";
import type { Sample, Tip } from "../src/canvas/stamp";
import type { Point } from "../src/canvas/view";
import { type Painted, Work } from "../src/canvas/work";
import type { BrushSettings } from "../src/tools/brush";
import type { FillBounds, FillSettings } from "../src/tools/fill";
import type { KitSettings, Sources } from "../src/tools/kit";
import type { Held, Paper, Tool, ToolName } from "../src/tools/tool";
import type { Chance } from "./random";

export const SIDE = 120;
export const PLAIN_TIP: Tip = {
  size_px: 20, softness: 0, opacity: 1, flow: 1, erases: false, pressureWidens: true, pressureDarkens: false, tilts: false,
};

export class Desk implements Paper, Sources, KitSettings {
  readonly width: number;
  readonly height: number;
  readonly scale = 1;
  readonly mask: MaskCanvas;
  readonly other: MaskCanvas;
  readonly steps: { label: string; painted: readonly Painted[]; moved_px: Point | undefined }[] = [];
  copies: readonly Affine[] = [IDENTITY];
  touches: Tip = { ...PLAIN_TIP, size_px: 8 };
  brushSettings: BrushSettings = { string_px: 0, makesFigures: true };
  fillSettings: FillSettings = { bounds: "paint", tolerance: 0.5, gap_px: 0 };
  isRound = false;

  constructor(mask = new MaskCanvas(SIDE, SIDE)) {
    [this.mask, this.width, this.height] = [mask, mask.width, mask.height];
    this.other = new MaskCanvas(mask.width, mask.height);
  }

  work = () => new Work(new Map([["a", this.mask]]));
  commit = (label: string, work: Work, moved_px?: Point) => void this.steps.push({ label, painted: work.finish(), moved_px });
  tip = (held: Held) => ({ ...this.touches, erases: held.erases || this.touches.erases });
  masks = (bounds: FillBounds) => (bounds === "own" ? [this.mask] : [this.other, this.mask]);
  movable = () => [this.mask];
  pixels: () => ImageData | null = () => null;
  brush = () => this.brushSettings;
  fill = () => this.fillSettings;
  isRadial = () => this.isRound;

  value(x: number, y: number): number {
    return this.mask.alpha[y * SIDE + x] as number;
  }

  clear(): void {
    this.mask.paste(this.mask.bounds, new Uint8Array(this.width * this.height));
  }

  get area(): number {
    return this.mask.alpha.reduce((sum, value) => sum + value / 255, 0);
  }
}

/** As frames do, until everything is shown. */
export function show(tool: Tool): void {
  while (tool.show?.());
}

/** Some drags here and there, the last without lifting the pen; of a polygon enough for corners. */
export function wander(tool: Tool, name: ToolName, chance: Chance, point: () => Sample, held: Held): void {
  for (let drags = name === "polygon" ? 4 : 1; drags > 0; drags--) {
    tool.begin(point(), held);
    for (let moves = chance.below(6); moves > 0; moves--) tool.move(point(), held);
    if (chance.number() < 0.2) tool.rest?.();
    show(tool);
    if (drags > 1) tool.end();
  }
}
