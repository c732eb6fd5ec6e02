/** Records every finished picture for a time-lapse, and keeps the film over a reload. */

import type { Bytes } from "../document/shelf";
import { sameBytes } from "../canvas/work";
import { BLANK_FILM, type Film, filmed, filmOf } from "./film";
import { readFilm, writeFilm } from "./store";

export class Recorder {
  film = $state.raw<Film>(BLANK_FILM);
  /** Two tabs do not write one film: only that of the tab which writes the document outlives it. */
  isWriter = true;
  #number = 0;

  async load(): Promise<void> {
    const kept = filmOf(await readFilm());
    const own = this.film.frames;
    this.#number = (kept.frames.at(-1)?.number ?? -1) + 1;
    this.film = kept;
    for (const { jpeg } of own) this.add(jpeg);
  }

  add(jpeg: Bytes): void {
    const last = this.film.frames.at(-1);
    if (last && sameBytes(last.jpeg, jpeg)) return;
    const frame = { number: this.#number++, jpeg };
    const before = this.film;
    this.film = filmed(before, frame);
    const staying = new Set(this.film.frames.map(({ number }) => number));
    if (this.isWriter) void writeFilm([frame], before.frames.map(({ number }) => number).filter((number) => !staying.has(number))).catch(() => undefined);
  }

  /** Begin anew, with the picture that is there. */
  clear(): void {
    const gone = this.film.frames.slice(0, -1).map(({ number }) => number);
    this.film = { ...BLANK_FILM, frames: this.film.frames.slice(-1) };
    if (this.isWriter) void writeFilm([], gone).catch(() => undefined);
  }
}
