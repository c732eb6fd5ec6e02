/** What fits some typed letters, best first: letters in their order, those that begin words or follow each other count more. */

export interface Entry {
  readonly id: string;
  /** Its name in every language, the shown one first. */
  readonly names: readonly string[];
}

const START = 8;
const NEXT = 9;
const AWAY = 1;
/** For the language that is shown. */
const OWN = 2;
const MOST_GAP = 12;

/** Case and accents aside. */
function plain(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");
}

/** How well letters fit a name; null where they do not. */
export function score(query: string, name: string): number | null {
  const [letters, text] = [plain(query).replaceAll(/\s+/g, ""), plain(name)];
  let best: number | null = null;
  for (let start = text.indexOf(letters[0] ?? ""); start >= 0 && letters; start = text.indexOf(letters[0] as string, start + 1)) {
    const found = scoreFrom(letters, text, start);
    if (found !== null && (best === null || found > best)) best = found;
  }
  return letters ? best : 0;
}

function scoreFrom(letters: string, text: string, start: number): number | null {
  let total = 0;
  let at = start - 1;
  for (const letter of letters) {
    const found = text.indexOf(letter, at + 1);
    if (found < 0) return null;
    const gap = found - at - 1;
    const isStart = found === 0 || !/[\p{L}\p{N}]/u.test(text[found - 1] as string);
    if (gap > MOST_GAP && !isStart) return null;
    const isNext = gap === 0 && found > start;
    total += isNext ? NEXT : isStart ? START : -AWAY * gap;
    at = found;
  }
  const isStrewn = total <= 0 && letters.length > 1;
  return isStrewn ? null : total - text.length / 100;
}

export function fits(query: string, names: readonly string[]): boolean {
  return names.some((name) => score(query, name) !== null);
}

/** The entries that fit, best first; without letters all of them, the recent ones first. */
export function ranked<E extends Entry>(query: string, entries: readonly E[], recent: readonly string[]): readonly E[] {
  const place = new Map(recent.map((id, index) => [id, recent.length - index]));
  const scored = entries.flatMap((entry) => {
    const scores = entry.names.flatMap((name, at) => {
      const found = score(query, name);
      return found === null ? [] : [found + (at === 0 ? OWN : 0)];
    });
    return scores.length > 0 ? [{ entry, score: Math.max(...scores) + (place.get(entry.id) ?? 0) / 2 }] : [];
  });
  return scored.sort((a, b) => b.score - a.score).map(({ entry }) => entry);
}

const MOST_RECENT = 8;

export function remembered(id: string, recent: readonly string[]): readonly string[] {
  return [id, ...recent.filter((other) => other !== id)].slice(0, MOST_RECENT);
}
