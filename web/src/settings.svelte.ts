/** What belongs to the painter and not to the picture; kept in this browser. */

import type { Language } from "./words/word";

export type Theme = "system" | "light" | "dark";
export type Tool = "brush" | "eraser";

/** What the page need not say again. */
export type Lesson = "prompt" | "keys";

export interface TipSettings {
  /** Diameter as a share of the canvas's shorter side, so that a brush fits any canvas. */
  size: number;
  softness: number;
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
  tips: Record<Tool, TipSettings>;
}

const KEY = "semdraw-settings";
const SMALLEST = 0.004;
const LARGEST = 1.5;
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
  tips: { brush: { size: 0.12, softness: 0.2 }, eraser: { size: 0.12, softness: 0.2 } },
};

function load(): Stored {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Stored>) };
  } catch {
    return DEFAULTS;
  }
}

export const settings = $state(load());

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
    Object.assign(document.documentElement.dataset, { theme, contrast: isContrasty ? "more" : "system" });
  });
}
