/** What a region lacks, in words for the one who paints. */

import { assertNever } from "../assert";
import type { Hint } from "../wire.gen";

export function hintText({ problem, words }: Hint): string {
  switch (problem) {
    case "too_small": return "too small to act: paint more";
    case "hidden": return "hidden by the layers above";
    case "no_prompt": return "say what shall appear";
    case "unknown_words": return `the model does not know ${words.map((word) => `“${word}”`).join(", ")}`;
    case "negative_unused": return "its negative prompt acts only with a guidance above 1";
    default: return assertNever(problem);
  }
}
