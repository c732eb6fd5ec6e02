/** Prompts that were written before, newest first; kept in this browser. */

const KEY = "semdraw-prompts";
const MOST = 60;

function load(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter((prompt) => typeof prompt === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

let spoken: readonly string[] | null = null;

export function spokenPrompts(): readonly string[] {
  spoken ??= load();
  return spoken;
}

export function remember(prompt: string): void {
  const words = prompt.trim();
  if (!words) return;
  spoken = [words, ...spokenPrompts().filter((other) => other !== words)].slice(0, MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify(spoken));
  } catch {
    // A full or forbidden store loses the list, no work.
  }
}

/** A walk through earlier prompts that ends where it began: at what was being written. */
export class Recall {
  readonly #written: string;
  readonly #others: readonly string[];
  #at = -1;

  constructor(written: string) {
    this.#written = written;
    this.#others = spokenPrompts().filter((prompt) => prompt !== written.trim());
  }

  /** One further back, or forth; at either end it stays. */
  step(back: boolean): string {
    this.#at = Math.max(-1, Math.min(this.#others.length - 1, this.#at + (back ? 1 : -1)));
    return this.#others[this.#at] ?? this.#written;
  }
}
