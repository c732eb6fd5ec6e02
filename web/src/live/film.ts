/** The pictures of a time-lapse: bounded, and thinned evenly as the painting goes on. */

import type { FilmFrame } from "./store";

export interface FilmBounds {
  readonly frames: number;
  readonly bytes: number;
}

export const FILM_BOUNDS: FilmBounds = { frames: 240, bytes: 32 * 2 ** 20 };

export interface Film {
  /** Oldest first; the last one is the newest picture, whatever was thinned. */
  readonly frames: readonly FilmFrame[];
  /** Only one picture in so many is kept. */
  readonly every: number;
}

export const BLANK_FILM: Film = { frames: [], every: 1 };

/** A film that was read back. */
export function filmOf(frames: readonly FilmFrame[], bounds: FilmBounds = FILM_BOUNDS): Film {
  const gaps = frames.slice(1, -1).map(({ number }, index) => number - (frames[index]?.number ?? 0));
  return thinned({ frames, every: Math.max(1, ...gaps.slice(0, 1)) }, bounds);
}

/** With the newest picture at its end; the former end stays only where its turn has come. */
export function filmed(film: Film, frame: FilmFrame, bounds: FilmBounds = FILM_BOUNDS): Film {
  const [before, last] = film.frames.slice(-2);
  const isBetween = before && last && last.number - before.number < film.every;
  const frames = [...(isBetween ? film.frames.slice(0, -1) : film.frames), frame];
  return thinned({ ...film, frames }, bounds);
}

function thinned(film: Film, bounds: FilmBounds): Film {
  const bytes = film.frames.reduce((sum, { jpeg }) => sum + jpeg.byteLength, 0);
  if (film.frames.length <= 2 || (film.frames.length <= bounds.frames && bytes <= bounds.bytes)) return film;
  const last = film.frames.length - 1;
  const frames = film.frames.filter((_, index) => index % 2 === 0 || index === last);
  return thinned({ frames, every: 2 * film.every }, bounds);
}
