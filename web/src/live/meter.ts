/** Figures of the live picture: how quickly it follows, and what that time goes into. */

import type { LatencyRecord } from "../net/latency";
import type { Timings } from "../wire.gen";

const WINDOW_MS = 5_000;
const STROKES = 20;

export class Meter {
  #shown_ms: number[] = [];

  shown(now_ms: number): void {
    this.#shown_ms = [...this.#shown_ms.filter((at) => now_ms - at < WINDOW_MS), now_ms];
  }

  /** Pictures a second, previews included, over the last seconds. */
  rate(now_ms: number): number {
    return this.#shown_ms.filter((at) => now_ms - at < WINDOW_MS).length / (WINDOW_MS / 1000);
  }
}

/** The middle one of the last strokes; null before the first. */
export function typical(records: readonly LatencyRecord[], key: "preview_ms" | "settled_ms"): number | null {
  const values = records.slice(-STROKES).map((record) => record[key]).toSorted((a, b) => a - b);
  return values[Math.floor(values.length / 2)] ?? null;
}

/** Time in which the picture waited for those of others. */
export function waited_ms({ total_ms, compile_ms, denoise_ms, decode_ms }: Timings): number {
  return Math.max(0, total_ms - compile_ms - denoise_ms - decode_ms);
}
