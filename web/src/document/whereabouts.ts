/** Where a mask is painted, in the words of those who cannot see it: how much of the canvas, and which part. */

export interface Whereabouts {
  /** Of the canvas, 0 to 1. */
  readonly share: number;
  readonly column: "left" | "middle" | "right";
  readonly row: "top" | "middle" | "bottom";
}

interface Painted {
  readonly width: number;
  readonly height: number;
  readonly alpha: Uint8Array;
}

/** Samples along each side: what is read out need not be finer. */
const SAMPLES = 96;
const COLUMNS = ["left", "middle", "right"] as const;
const ROWS = ["top", "middle", "bottom"] as const;

/** By the middle of what is painted; null where nothing is. */
export function whereabouts({ width, height, alpha }: Painted): Whereabouts | null {
  const [stepX, stepY] = [Math.max(1, Math.floor(width / SAMPLES)), Math.max(1, Math.floor(height / SAMPLES))];
  let [total, count, sumX, sumY] = [0, 0, 0, 0];
  for (let y = stepY >> 1; y < height; y += stepY) {
    for (let x = stepX >> 1; x < width; x += stepX) {
      const value = alpha[y * width + x] ?? 0;
      count++;
      total += value;
      sumX += value * x;
      sumY += value * y;
    }
  }
  if (total === 0) return null;
  return { share: total / (255 * count), column: COLUMNS[third(sumX / total / width)] ?? "middle", row: ROWS[third(sumY / total / height)] ?? "middle" };
}

function third(share: number): number {
  return Math.min(2, Math.floor(3 * share));
}
