/** Words that the model knows, offered while a prompt is typed. */

import type { Concept } from "../wire.gen";

export interface Suggestion {
  /** What is shown: the concept's name. */
  readonly name: string;
  /** The synonym that was typed, where it was not the name. */
  readonly synonym: string | null;
  /** The whole prompt with the suggestion taken. */
  readonly prompt: string;
}

const MOST = 8;

/** Concepts whose name or synonym goes on where the last words of the prompt begin; the longest match counts. */
export function suggestions(prompt: string, concepts: readonly Concept[]): Suggestion[] {
  const words = prompt.toLowerCase().trimStart();
  if (words.trim() === "") return concepts.slice(0, MOST).map(({ name }) => ({ name, synonym: null, prompt: name }));
  for (const start of wordStarts(words)) {
    const tail = words.slice(start);
    const matching = ranked(tail, concepts);
    if (matching.some(({ name }) => name.toLowerCase() === tail)) return [];
    const head = prompt.trimStart().slice(0, start);
    if (matching.length > 0) return matching.slice(0, MOST).map((concept) => suggestion(concept, head, tail));
  }
  return [];
}

function suggestion({ name, synonyms }: Concept, head: string, tail: string): Suggestion {
  const synonym = name.toLowerCase().includes(tail) ? null : synonyms.find((other) => other.toLowerCase().startsWith(tail));
  return { name, synonym: synonym ?? null, prompt: head + name };
}

function wordStarts(text: string): number[] {
  return [...text.matchAll(/[^\s,(){}|]+/g)].map((match) => match.index);
}

function ranked(tail: string, concepts: readonly Concept[]): Concept[] {
  const rank = ({ name, synonyms }: Concept): number => {
    if (name.toLowerCase().startsWith(tail)) return 0;
    if (synonyms.some((synonym) => synonym.toLowerCase().startsWith(tail))) return 1;
    return tail.length > 1 && name.toLowerCase().includes(` ${tail}`) ? 2 : 3;
  };
  return concepts
    .map((concept) => ({ concept, rank: rank(concept) }))
    .filter((entry) => entry.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .map((entry) => entry.concept);
}
