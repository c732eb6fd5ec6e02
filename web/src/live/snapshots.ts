/** What the history strip holds, and what has to go when there is no more room. */

import type { Bytes } from "../document/shelf";
import type { Extent } from "../wire.gen";

/** A finished picture as it was seen, and the whole scene that makes it again to the byte. */
export interface Snapshot {
  readonly id: string;
  /** Kept by the painter: it goes only when they say so. All others go by themselves, the oldest first. */
  readonly isKept: boolean;
  readonly at_ms: number;
  /** What is painted, in the words of the brushes. */
  readonly label: string;
  readonly extent: Extent;
  readonly jpeg: Bytes;
  readonly scene: Bytes;
}

export interface Bounds {
  readonly kept: number;
  readonly automatic: number;
  readonly bytes: number;
}

export const BOUNDS: Bounds = { kept: 100, automatic: 24, bytes: 96 * 2 ** 20 };

/** The snapshots with one more, newest first; null where the painter has to delete some first. */
export function withAdded(list: readonly Snapshot[], added: Snapshot, bounds: Bounds = BOUNDS): readonly Snapshot[] | null {
  const others = list.filter(({ id }) => id !== added.id);
  const kept = others.filter(({ isKept }) => isKept);
  if (added.isKept && kept.length >= bounds.kept) return null;
  const automatic = others.filter(({ isKept }) => !isKept).slice(0, bounds.automatic - (added.isKept ? 0 : 1));
  let left = bounds.bytes - [added, ...kept].reduce((sum, snapshot) => sum + bytesOf(snapshot), 0);
  if (left < 0) return added.isKept ? null : others;
  const staying = new Set([added, ...kept]);
  for (const snapshot of automatic) {
    left -= bytesOf(snapshot);
    if (left < 0) break;
    staying.add(snapshot);
  }
  return [added, ...others].filter((snapshot) => staying.has(snapshot)).toSorted((a, b) => b.at_ms - a.at_ms);
}

export function bytesOf({ jpeg, scene }: Snapshot): number {
  return jpeg.byteLength + scene.byteLength;
}
