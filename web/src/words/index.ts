/** What the page says, in the language of the painter. A missing translation is a compile error. */

import { settings } from "../settings.svelte";
import { commonWords } from "./common";
import { filesWords } from "./files";
import { frameWords } from "./frame";
import { liveWords } from "./live";
import { recipeWords } from "./recipe";
import { regionsWords } from "./regions";
import { toolsWords } from "./tools";
import { viewWords } from "./view";
import { type Language, LANGUAGES } from "./word";

const WORDS = { ...commonWords, ...toolsWords, ...regionsWords, ...liveWords, ...viewWords, ...filesWords, ...frameWords, ...recipeWords };
export type WordKey = keyof typeof WORDS;

/** The language that is set, or the first of the browser's that the page speaks. */
export function language(): Language {
  if (settings.language !== "system") return settings.language;
  const spoken = (globalThis.navigator?.languages ?? []).map((tag) => tag.slice(0, 2));
  return spoken.find((tag): tag is Language => tag in LANGUAGES) ?? "en";
}

/** The words of a key; `{name}` in them is filled with `values.name`. In a component it follows the language. */
export function t(key: WordKey, values: Readonly<Record<string, string | number>> = {}): string {
  return WORDS[key][language()].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The words of a key in every language, the painter's first: whatever of them is typed finds it. */
export function words(key: WordKey): readonly string[] {
  const own = language();
  return [WORDS[key][own], ...Object.entries(WORDS[key]).filter(([other]) => other !== own).map(([, word]) => word)];
}
