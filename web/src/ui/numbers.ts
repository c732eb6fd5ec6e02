/** Numbers as people read and write them, in their language. */

import { LIMITS } from "../wire.gen";
import { language } from "../words";

export function percent(share: number): string {
  return new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** At most `digits` behind the point, and no more than it takes. */
export function decimal(value: number, digits = 2): string {
  return new Intl.NumberFormat(language(), { maximumFractionDigits: digits, useGrouping: false }).format(value);
}

/** The seed that was written; null for an empty field, undefined for what is no number. */
export function seedFrom(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const seed = Math.round(Number(text));
  return Number.isFinite(seed) ? Math.min(LIMITS.Brush.seed[1], Math.max(0, seed)) : undefined;
}
