/** The right to write, without the browser's locks: a line in localStorage that its holder renews.
 *
 * A holder whose line is old is asked first, because timers of hidden tabs sleep and messages wake them. Two tabs may
 * still both believe that they hold it for a moment; what they write is compared with what they know, so nothing is lost. */

import type { Candidate } from "./writer";

export interface Word {
  readonly kind: "who" | "here" | "bye";
}

/** What a lease needs of the browser; a test brings its own. */
export interface Surroundings {
  readonly name: string;
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  now(): number;
  after(wait_ms: number, act: () => void): void;
  say(word: Word): void;
  listen(hear: (word: Word) => void): void;
  leaving(act: () => void): void;
  returning(act: () => void): void;
}

interface Line {
  readonly holder: string;
  readonly at_ms: number;
}

export const RENEW_MS = 1_000;
export const STALE_MS = 4_000;
export const ANSWER_MS = 1_500;
/** After writing the line, wait this long and look whether it still stands: of two that wrote at once, one stays. */
export const SETTLE_MS = 120;

export class Lease {
  readonly #id = crypto.getRandomValues(new Uint32Array(2)).join("-");
  readonly #candidate: Candidate;
  readonly #around: Surroundings;
  #state: "waiting" | "taking" | "asking" | "holding" | "gone" = "waiting";

  constructor(candidate: Candidate, around: Surroundings) {
    this.#candidate = candidate;
    this.#around = around;
  }

  start(): void {
    this.#around.listen((word) => this.#hear(word));
    this.#around.leaving(() => this.#leave());
    this.#around.returning(() => this.#return());
    if (this.#holder()) this.#candidate.denied();
    this.#beat();
  }

  /** Once a second: renew what is held, try for what is not. */
  #beat(): void {
    if (this.#state === "holding") this.#renew();
    if (this.#state === "waiting") this.#try();
    this.#around.after(RENEW_MS, () => this.#beat());
  }

  #renew(): void {
    if (this.#holder()?.holder === this.#id) return this.#write();
    this.#state = "waiting";
    this.#candidate.lost();
  }

  #try(): void {
    const line = this.#holder();
    if (!line) return this.#take();
    if (this.#around.now() - line.at_ms < STALE_MS) return;
    this.#state = "asking";
    this.#around.say({ kind: "who" });
    this.#around.after(ANSWER_MS, () => this.#state === "asking" && this.#take());
  }

  #take(): void {
    this.#state = "taking";
    this.#write();
    this.#around.after(SETTLE_MS, () => {
      if (this.#state !== "taking") return;
      const isMine = this.#holder()?.holder === this.#id;
      this.#state = isMine ? "holding" : "waiting";
      if (isMine) void this.#candidate.granted();
      else this.#candidate.denied();
    });
  }

  #hear({ kind }: Word): void {
    if (kind === "who" && this.#state === "holding") {
      this.#renew();
      this.#around.say({ kind: "here" });
    }
    if (kind === "here" && this.#state === "asking") this.#state = "waiting";
    if (kind === "bye" && (this.#state === "waiting" || this.#state === "asking")) this.#try();
  }

  #leave(): void {
    const wasHolding = this.#state === "holding" || this.#state === "taking";
    this.#state = "gone";
    if (!wasHolding || this.#holder()?.holder !== this.#id) return;
    this.#around.storage.removeItem(this.#around.name);
    this.#around.say({ kind: "bye" });
  }

  #return(): void {
    this.#state = "waiting";
    this.#candidate.lost();
    this.#try();
  }

  #holder(): Line | null {
    try {
      return JSON.parse(this.#around.storage.getItem(this.#around.name) ?? "null") as Line | null;
    } catch {
      return null;
    }
  }

  #write(): void {
    const line: Line = { holder: this.#id, at_ms: this.#around.now() };
    this.#around.storage.setItem(this.#around.name, JSON.stringify(line));
  }
}
