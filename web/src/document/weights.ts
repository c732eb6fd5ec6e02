/** How strongly a word of a prompt is meant: `(word:1.2)`, changed by keys while it is written. */

export interface Selected {
  readonly text: string;
  /** The selection, or the caret where both are equal. */
  readonly start: number;
  readonly end: number;
}

const STEP = 0.1;
const [LEAST, MOST] = [0.1, 3];
const WEIGHTED = /\(([^()]*):([0-9]*\.?[0-9]+)\)/g;

/** Means the word at the caret, or what is selected, by one step more or less; at 1 the brackets go. */
export function reweighted({ text, start, end }: Selected, direction: 1 | -1): Selected {
  const group = [...text.matchAll(WEIGHTED)].find((found) => found.index <= start && end <= found.index + found[0].length);
  if (group) return replaced(text, group.index, group[0].length, group[1] as string, Number(group[2]) + direction * STEP);
  const [from, to] = start === end ? wordAt(text, start) : trimmed(text, start, end);
  return from === to ? { text, start, end } : replaced(text, from, to - from, text.slice(from, to), 1 + direction * STEP);
}

function replaced(text: string, at: number, length: number, words: string, weight: number): Selected {
  const bounded = Math.round(10 * Math.min(MOST, Math.max(LEAST, weight))) / 10;
  const isPlain = bounded === 1;
  const piece = isPlain ? words : `(${words}:${bounded})`;
  const start = at + (isPlain ? 0 : 1);
  return { text: text.slice(0, at) + piece + text.slice(at + length), start, end: start + words.length };
}

function wordAt(text: string, at: number): [number, number] {
  const isLetter = (index: number): boolean => /[\p{L}\p{N}'_-]/u.test(text[index] ?? "");
  let [from, to] = [at, at];
  while (isLetter(from - 1)) from--;
  while (isLetter(to)) to++;
  return [from, to];
}

function trimmed(text: string, start: number, end: number): [number, number] {
  while (start < end && text[start] === " ") start++;
  while (end > start && text[end - 1] === " ") end--;
  return [start, end];
}
