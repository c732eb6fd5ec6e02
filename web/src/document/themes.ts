/** Things that go together, for a palette by chance. */

import type { Concept } from "../wire.gen";

export interface Theme {
  readonly ground: string;
  readonly things: readonly string[];
}

const THEMES: readonly Theme[] = [
  { ground: "night sky", things: ["castle", "full moon", "owl", "star", "bat", "tree", "ghost", "house"] },
  { ground: "sea", things: ["sailboat", "whale", "sun", "cloud", "bird", "shark", "anchor"] },
  { ground: "beach", things: ["palm tree", "crab", "umbrella", "ball", "sun", "turtle", "sailboat", "ice cream"] },
  { ground: "space", things: ["rocket", "alien", "flying saucer", "robot", "full moon", "star"] },
  { ground: "desert", things: ["cactus", "snake", "sun", "tent", "turtle", "dinosaur"] },
  { ground: "forest", things: ["fox", "bear", "mushroom", "owl", "tree", "rabbit", "pine tree", "snail"] },
  { ground: "snowy mountains", things: ["snowman", "penguin", "pine tree", "house", "snowflake", "bear"] },
  { ground: "flower meadow", things: ["butterfly", "bee", "sunflower", "ladybug", "rabbit", "tulip", "unicorn"] },
  { ground: "green hills", things: ["sheep", "cow", "house", "rainbow", "tractor", "horse", "tree", "cloud"] },
  { ground: "city at night", things: ["car", "cat", "balloon", "full moon", "robot", "tower"] },
  { ground: "underwater", things: ["fish", "whale", "octopus", "turtle", "shark", "crab", "diamond"] },
  { ground: "blue sky", things: ["airplane", "balloon", "cloud", "bird", "sun", "helicopter", "rainbow"] },
  { ground: "wooden planks", things: ["cup", "apple", "cake", "book", "strawberry", "key", "banana", "doughnut"] },
];

/** What a model of few words knows of the themes; a model of many knows all. At least two things go together. */
export function themesFor(objects: readonly Concept[], backgrounds: readonly Concept[]): readonly Theme[] {
  const [things, grounds] = [namesOf(objects), namesOf(backgrounds)];
  return THEMES.map(({ ground, things: all }) => ({ ground, things: things.size ? all.filter((name) => things.has(name)) : all }))
    .filter(({ ground, things: left }) => left.length > 1 && (grounds.size === 0 || grounds.has(ground)));
}

function namesOf(concepts: readonly Concept[]): ReadonlySet<string> {
  return new Set(concepts.map(({ name }) => name));
}

/** As many of the things, in any order, no one twice before all were taken. */
export function drawnFrom(things: readonly string[], count: number, chance: () => number = Math.random): string[] {
  const drawn: string[] = [];
  while (drawn.length < count && things.length > 0) {
    const round = things.map((thing) => ({ thing, order: chance() })).sort((a, b) => a.order - b.order);
    drawn.push(...round.map(({ thing }) => thing).slice(0, count - drawn.length));
  }
  return drawn;
}

export function oneOf<T>(values: readonly T[], chance: () => number = Math.random): T | undefined {
  return values[Math.floor(chance() * values.length)];
}
