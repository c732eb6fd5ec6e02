/** What a region lacks, in words for the one who paints. */

import type { Hint } from "../wire.gen";
import { t } from "../words";

export function hintText({ problem, words }: Hint): string {
  const told = problem === "chosen" ? words.join(" ") : words.map((word) => `“${word}”`).join(", ");
  return t(`hint.${problem}`, { words: told });
}
