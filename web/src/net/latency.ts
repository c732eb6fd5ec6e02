/** From the end of a stroke to its first and to its settled picture, told by revision. */

export interface LatencyRecord {
  readonly seq: number;
  readonly preview_ms: number;
  readonly settled_ms: number;
}

interface Open {
  readonly seq: number;
  readonly since_ms: number;
  /** The first revision that holds the stroke, once it is known. */
  revision: number | null;
  preview_ms: number | null;
}

const KEPT = 200;
const NOTHING = { seq: -1, revision: -1 };
const NOTHING_SHOWN = { revision: -1, settled: -1 };

export class Latency {
  readonly records: LatencyRecord[] = [];
  #open: Open[] = [];
  /** The newest acknowledgement: everything up to `seq` is part of `revision`. */
  #applied = NOTHING;
  /** The newest revision of which a picture was shown, and of which the settled one. */
  #shown = NOTHING_SHOWN;

  begin(seq: number, since_ms: number): void {
    const revision = seq <= this.#applied.seq ? this.#applied.revision : null;
    this.#open.push({ seq, since_ms, revision, preview_ms: null });
    this.#close(since_ms);
  }

  applied(seq: number, revision: number): void {
    this.#applied = { seq, revision };
    for (const open of this.#open) if (open.seq <= seq) open.revision ??= revision;
  }

  shown(revision: number, isSettled: boolean, now_ms: number): void {
    this.#shown = { revision, settled: isSettled ? revision : this.#shown.settled };
    this.#close(now_ms);
  }

  /** A lost connection: nothing can be said of what was in flight, and revisions begin anew. */
  reset(): void {
    this.#open = [];
    this.#applied = NOTHING;
    this.#shown = NOTHING_SHOWN;
  }

  /** A stroke has its picture once that shows a revision which holds it. */
  #close(now_ms: number): void {
    for (const open of this.#open) {
      if (open.revision === null || this.#shown.revision < open.revision) continue;
      open.preview_ms ??= now_ms - open.since_ms;
      if (this.#shown.settled < open.revision) continue;
      this.records.push({ seq: open.seq, preview_ms: open.preview_ms, settled_ms: now_ms - open.since_ms });
    }
    this.#open = this.#open.filter(({ revision }) => revision === null || this.#shown.settled < revision);
    this.records.splice(0, this.records.length - KEPT);
  }
}
