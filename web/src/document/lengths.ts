/** Texts as long as the wire takes them. */

import { MAX_NAME, MAX_PROMPT } from "../wire.gen";

/** At most so many letters; none is cut in two. */
function cut(text: string, most: number): string {
  return text.length <= most ? text : Array.from(text).slice(0, most).join("");
}

export function promptOf(text: string): string {
  return cut(text, MAX_PROMPT);
}

export function nameOf(text: string): string {
  return cut(text, MAX_NAME);
}
