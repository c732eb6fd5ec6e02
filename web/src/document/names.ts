/** What a brush is called: its name, else what it paints, else its number. */

import { t } from "../words";
import type { Brush } from "../wire.gen";

type Called = Pick<Brush, "name" | "prompt">;

/** The name that a painter gave it; none where it only says what it paints. */
export function ownName({ name, prompt }: Called): string {
  return name.trim().toLowerCase() === prompt.trim().toLowerCase() ? "" : name;
}

export function brushName(brush: Called, index: number): string {
  return ownName(brush) || brush.prompt || t("brush.numbered", { number: index + 1 });
}

/** Of a brush that is spoken of without its place. */
export function looseName(brush: Called): string {
  return ownName(brush) || brush.prompt || t("brush.wordless");
}
