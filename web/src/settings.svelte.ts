/** What belongs to the painter and not to the picture; kept in this browser. */

import { MediaQuery } from "svelte/reactivity";
import type { Symmetry } from "./canvas/symmetry";
import type { FillBounds } from "./tools/fill";
import type { ToolName } from "./tools/tool";
import type { Language } from "./words/word";

export type Theme = "system" | "light" | "dark";
/** Tools that have a tip of their own; all others use the brush's. */
export type TipName = "brush" | "eraser";

/** What the page need not say again. */
export type Lesson = "prompt" | "keys";

export interface TipSettings {
  /** Diameter as a share of the canvas's shorter side, so that a brush fits any canvas. */
  size: number;
  softness: number;
  /** The level that a stroke reaches, and the share of the way to it that one dab goes; 0 to 1. */
  opacity: number;
  flow: number;
  /** How far the brush hangs behind the pen, 0 to 1. */
  smoothing: number;
  pressureWidens: boolean;
  pressureDarkens: boolean;
  tilts: boolean;
}

interface Stored {
  theme: Theme;
  language: Language | "system";
  /** Where the brushes are; the tools are on the other side. */
  dockSide: "right" | "left";
  /** Width of the dock, where it stands beside the canvas. */
  dock_px: number;
  /** Stronger lines and no translucence; the system may ask for it, too. */
  isContrasty: boolean;
  /** Keys that the painter gave to actions, by the action's id; none there: the action's own. */
  keys: Readonly<Record<string, readonly string[]>>;
  /** What was last asked for in the palette, newest first. */
  recent: readonly string[];
  overlayOpacity: number;
  /** The first hint has done its work; so have those that are named here. */
  hasPainted: boolean;
  learnt: readonly Lesson[];
  tips: Record<TipName, TipSettings>;
  /** A stroke that is held still at its end becomes a straight line or an ellipse. */
  makesFigures: boolean;
  symmetry: Symmetry;
  fill: { bounds: FillBounds; tolerance: number; /** A share of the canvas's shorter side. */ gap: number };
  isRadial: boolean;
  /** Strokes are told apart by patterns, too, and carry the words of their brush. */
  hasPatterns: boolean;
  hasLabels: boolean;
}

const KEY = "semdraw-settings";
const SMALLEST = 0.004;
const LARGEST = 1.5;
const TIP: TipSettings = {
  size: 0.12, softness: 0.2, opacity: 1, flow: 1, smoothing: 0, pressureWidens: true, pressureDarkens: false, tilts: true,
};
const DEFAULTS: Stored = {
  theme: "system",
  language: "system",
  dockSide: "right",
  dock_px: 340,
  isContrasty: false,
  keys: {},
  recent: [],
  overlayOpacity: 0.55,
  hasPainted: false,
  learnt: [],
  tips: { brush: { ...TIP }, eraser: { ...TIP } },
  makesFigures: true,
  symmetry: { kind: "off", count: 6 },
  fill: { bounds: "paint", tolerance: 0.5, gap: 0 },
  isRadial: false,
  hasPatterns: false,
  hasLabels: false,
};

function load(): Stored {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Stored>;
    const tips = { brush: { ...TIP, ...kept.tips?.brush }, eraser: { ...TIP, ...kept.tips?.eraser } };
    return { ...DEFAULTS, ...kept, tips };
  } catch {
    return DEFAULTS;
  }
}

export const settings = $state(load());

export function tipOf(tool: ToolName): TipSettings {
  return settings.tips[tool === "eraser" ? "eraser" : "brush"];
}

export function learn(lesson: Lesson): void {
  if (!settings.learnt.includes(lesson)) settings.learnt = [...settings.learnt, lesson];
}

export function resizeTip(tip: TipSettings, size: number): void {
  tip.size = Math.min(LARGEST, Math.max(SMALLEST, size));
}

export function softenTip(tip: TipSettings, softness: number): void {
  tip.softness = Math.min(1, Math.max(0, softness));
}

/** Keep settings and show the theme as they change; call once, from a component. */
export function watchSettings(): void {
  const asked = new MediaQuery("prefers-contrast: more");
  $effect(() => {
    const text = JSON.stringify(settings);
    try {
      localStorage.setItem(KEY, text);
    } catch {
      // A full or forbidden store loses a preference, no work.
    }
  });
  $effect(() => {
    const { theme, isContrasty } = settings;
    Object.assign(document.documentElement.dataset, { theme, contrast: isContrasty || asked.current ? "more" : "usual" });
  });
}
