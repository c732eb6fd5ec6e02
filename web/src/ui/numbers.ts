/** Numbers as people read and write them. */

const LARGEST_SEED = 2 ** 32 - 1;

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** The seed that was written; null for an empty field, undefined for what is no number. */
export function seedFrom(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const seed = Math.round(Number(text));
  return Number.isFinite(seed) ? Math.min(LARGEST_SEED, Math.max(0, seed)) : undefined;
}
