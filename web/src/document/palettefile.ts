/** A palette as a file: brushes without what was painted. Also reads the JSON that the published palettes export. */

import { type Brush, LIMITS, MAX_BRUSHES, MAX_STYLES, NEW_BRUSH, type Style } from "../wire.gen";
import { nameOf, promptOf } from "./lengths";
import { styleOf } from "./styles";

export type PaletteBrush = Omit<Brush, "id" | "color"> & { readonly color?: string };

export interface Palette {
  /** Bottom first. */
  readonly brushes: readonly PaletteBrush[];
  readonly background: { readonly prompt: string; readonly negative: string } | null;
  /** null: the file says nothing of styles. */
  readonly styles: readonly Style[] | null;
}

type Fields = Readonly<Record<string, unknown>>;

export class PaletteError extends Error {}

const KIND = "semdraw palette";

export function paletteText(brushes: readonly Brush[], background: Palette["background"], styles: readonly Style[]): string {
  const plain = brushes.map(({ id: _, ...brush }) => brush);
  return `${JSON.stringify({ kind: KIND, version: 1, brushes: plain, background, styles }, null, 1)}\n`;
}

export function paletteOf(text: string): Palette {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new PaletteError("palette.no_json");
  }
  if (!isFields(value)) throw new PaletteError("palette.no_palette");
  if (value.kind === KIND) return value.version === 1 ? ownPalette(value) : refuse("palette.newer");
  return Array.isArray(value.prompts) ? publishedPalette(value) : refuse("palette.no_palette");
}

function refuse(why: string): never {
  throw new PaletteError(why);
}

function ownPalette({ brushes, background, styles }: Fields): Palette {
  return {
    brushes: list(brushes).filter(isFields).map(brushOf),
    background: isFields(background) ? { prompt: words(background.prompt), negative: words(background.negative) } : null,
    styles: Array.isArray(styles) ? styles.flatMap((style) => styleOf(style) ?? []).slice(0, MAX_STYLES) : null,
  };
}

/** Lists of names, words and strengths side by side; the first of the words is the background's, strengths have none for it. */
function publishedPalette({ prompts, prompt_names, neg_prompts, prompt_strengths, mask_strengths, mask_stds }: Fields): Palette {
  const [said, names, avoided] = [list(prompts), list(prompt_names), list(neg_prompts)];
  const at = (values: unknown, index: number): unknown => list(values)[index];
  const brushes = said.slice(1, 1 + MAX_BRUSHES).map((prompt, index): PaletteBrush => brushOf({
    prompt, name: names[index + 1], negative: avoided[index + 1],
    prompt_strength: at(prompt_strengths, index), strength: at(mask_strengths, index), softness_px: at(mask_stds, index),
  }));
  const isUsed = ({ prompt }: PaletteBrush): boolean => prompt.trim() !== "";
  return { brushes: brushes.filter(isUsed), background: { prompt: words(said[0]), negative: words(avoided[0]) }, styles: null };
}

function brushOf(fields: Fields): PaletteBrush {
  const color = typeof fields.color === "string" && /^#[0-9a-f]{6}$/.test(fields.color) ? { color: fields.color } : {};
  return {
    ...NEW_BRUSH,
    ...color,
    prompt: words(fields.prompt),
    negative: words(fields.negative),
    name: nameOf(words(fields.name)),
    strength: share(fields.strength, NEW_BRUSH.strength),
    prompt_strength: share(fields.prompt_strength, NEW_BRUSH.prompt_strength),
    softness_px: number(fields.softness_px, NEW_BRUSH.softness_px, 100),
    seed: typeof fields.seed === "number" ? Math.round(number(fields.seed, 0, LIMITS.Brush.seed[1])) : null,
    acts_from: share(fields.acts_from, NEW_BRUSH.acts_from),
    acts_until: share(fields.acts_until, NEW_BRUSH.acts_until),
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, MAX_BRUSHES + 1) : [];
}

function words(value: unknown): string {
  return typeof value === "string" ? promptOf(value) : "";
}

function share(value: unknown, usual: number): number {
  return number(value, usual, 1);
}

function number(value: unknown, usual: number, most: number): number {
  return typeof value === "number" && Number.isFinite(value) ? Math.min(most, Math.max(0, value)) : usual;
}
