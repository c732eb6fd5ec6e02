/** Brush colours that stay apart for colour-blind eyes, on light and on dark pictures. */

export const COLORS = [
  "#e69f00", "#56b4e9", "#cc79a7", "#009e73", "#f0e442", "#d55e00", "#8f7ee7", "#0072b2", "#a3c644", "#e4607b",
] as const;

/** The first colour that is used least. */
export function nextColor(used: readonly string[]): string {
  const counts = COLORS.map((color) => used.filter((other) => other === color).length);
  return COLORS[counts.indexOf(Math.min(...counts))] ?? COLORS[0];
}
