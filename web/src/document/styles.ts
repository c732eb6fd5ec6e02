/** Styles: words around all prompts of a picture. Some come along, the painter's own are kept in this browser. */

import type { Style } from "../wire.gen";
import { nameOf, promptOf } from "./lengths";

/** Looks and qualities that models which know words in general were taught. */
export const STYLES: readonly Style[] = [
  { name: "Watercolour", prompt: "{prompt}, watercolour painting, soft washes, textured paper", negative: "photograph" },
  { name: "Oil painting", prompt: "{prompt}, oil painting, visible brush strokes", negative: "photograph" },
  { name: "Ink drawing", prompt: "ink drawing of {prompt}, fine hatching, black and white", negative: "colour, photograph" },
  { name: "Children's book", prompt: "{prompt}, children's book illustration, flat bright colours", negative: "photograph" },
  { name: "Pixel art", prompt: "{prompt}, pixel art, 16 bit game", negative: "smooth, photograph" },
  { name: "Photograph", prompt: "photograph of {prompt}, 50 mm lens, natural light", negative: "drawing, painting, render" },
  { name: "Film still", prompt: "film still of {prompt}, wide lens, film grain", negative: "drawing, flat light" },
  { name: "Clay model", prompt: "{prompt}, clay model, soft studio light", negative: "drawing" },
  { name: "Quality: plain", prompt: "{prompt}, high quality, sharp", negative: "low quality, blurred" },
  { name: "Quality: detailed", prompt: "{prompt}, best quality, finely detailed", negative: "low quality, blurred, watermark, text, cropped" },
];

const MARKS = /[^\p{L}\p{N}]+/u;

/** The words of a style that a model of few words was never taught; none for a model that knows words in general. */
export function strangeWords(style: Pick<Style, "prompt">, vocabulary: readonly string[]): readonly string[] {
  if (vocabulary.length === 0) return [];
  const known = new Set(vocabulary);
  const words = style.prompt.replaceAll("{prompt}", " ").toLowerCase().split(MARKS).filter(Boolean);
  return [...new Set(words)].filter((word) => !known.has(word));
}

export function isSameStyle(a: Style, b: Style): boolean {
  return a.name === b.name && a.prompt === b.prompt && a.negative === b.negative;
}

const KEY = "semdraw-styles";

/** The painter's own list, or what comes along. */
export function ownStyles(): readonly Style[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return Array.isArray(stored) ? stored.flatMap((style) => styleOf(style) ?? []) : STYLES;
  } catch {
    return STYLES;
  }
}

/** null brings back what comes along. */
export function keepStyles(styles: readonly Style[] | null): void {
  try {
    if (styles) localStorage.setItem(KEY, JSON.stringify(styles));
    else localStorage.removeItem(KEY);
  } catch {
    // A full or forbidden store loses a preference, no work.
  }
}

/** A style of unknown making; null where it is none. */
export function styleOf(value: unknown): Style | null {
  if (typeof value !== "object" || value === null) return null;
  const { name = "", prompt = "", negative = "" } = value as Partial<Record<keyof Style, unknown>>;
  const isText = [name, prompt, negative].every((text) => typeof text === "string");
  return isText ? { name: nameOf(name as string), prompt: promptOf(prompt as string), negative: promptOf(negative as string) } : null;
}
