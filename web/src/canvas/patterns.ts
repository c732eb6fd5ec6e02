/** Patterns that tell regions apart where colours do not: bars, dots, grids, each by a rule of its place. */

export const PATTERNS = ["plain", "rising", "dots", "upright", "grid", "falling", "level", "checks", "rings", "lattice"] as const;
export type PatternName = (typeof PATTERNS)[number];

/** A square that repeats: 1 where the ink is full. */
export interface Pattern {
  readonly side: number;
  readonly cells: Uint8Array;
}

const SHARE = 0.42;

type Rule = (x: number, y: number) => boolean;

/** Of a place in the square, 0 to 1. */
const RULES: Readonly<Record<PatternName, Rule>> = {
  plain: () => true,
  rising: (x, y) => (x + y) % 1 < SHARE,
  falling: (x, y) => (x - y + 1) % 1 < SHARE,
  upright: (x) => x < SHARE,
  level: (_, y) => y < SHARE,
  dots: (x, y) => Math.hypot(x - 0.5, y - 0.5) < 0.34,
  rings: (x, y) => Math.abs(Math.hypot(x - 0.5, y - 0.5) - 0.32) < 0.13,
  grid: (x, y) => x < 0.25 || y < 0.25,
  checks: (x, y) => x < 0.5 === y < 0.5,
  lattice: (x, y) => (x + y) % 1 < 0.22 || (x - y + 1) % 1 < 0.22,
};

const made = new Map<string, Pattern>();

/** Drawn once for each size. */
export function patternOf(name: PatternName, side: number): Pattern {
  const key = `${name} ${side}`;
  const known = made.get(key);
  if (known) return known;
  const rule = RULES[name];
  const cells = Uint8Array.from({ length: side * side }, (_, at) => (rule(((at % side) + 0.5) / side, (Math.floor(at / side) + 0.5) / side) ? 1 : 0));
  const pattern = { side, cells };
  made.set(key, pattern);
  return pattern;
}

/** About this many repeat along the shorter side of a canvas. */
const REPEATS = 36;

export function patternSide(width: number, height: number): number {
  return Math.min(48, Math.max(6, Math.round(Math.min(width, height) / REPEATS)));
}

/** Each colour of the palette has its own; other colours take one of them, always the same. */
export function patternNameOf(color: string, palette: readonly string[]): PatternName {
  const index = palette.indexOf(color);
  return PATTERNS[(index < 0 ? Number.parseInt(color.slice(1), 16) : index) % PATTERNS.length] as PatternName;
}
