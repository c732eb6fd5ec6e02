/** What the recipe panel shows: one row a setting; ranges and choices are the wire's. */

import type { WordKey } from "../words";
import { LIMITS, type Recipe } from "../wire.gen";

type Numbers = Exclude<keyof (typeof LIMITS)["Recipe"], "grid_steps">;
/** Keys of the recipe whose values are some of a few words. */
type Choices = "mask_mode" | "guidance" | "method";

export type Field =
  | { readonly kind: "dial"; readonly key: Numbers & keyof Recipe; readonly step: number; readonly most?: number; readonly unit?: "steps" | "share" | "times"; readonly when?: (recipe: Recipe) => boolean }
  | { readonly kind: "choice"; readonly key: Choices; readonly options: readonly WordKey[]; readonly when?: (recipe: Recipe) => boolean }
  | { readonly kind: "pixels"; readonly key: "window_px" | "tile_px"; readonly when?: undefined }
  | { readonly kind: "switch"; readonly key: "blend"; readonly when?: undefined }
  | { readonly kind: "words"; readonly key: "region_suffix"; readonly when?: undefined };

export const FIRST: readonly Field[] = [
  { kind: "dial", key: "num_steps", step: 1, most: 50 },
  { kind: "dial", key: "guidance_scale", step: 0.5, most: 12, unit: "times" },
  { kind: "dial", key: "bootstrap_steps", step: 1, unit: "steps" },
  { kind: "choice", key: "mask_mode", options: ["recipe.continuous", "recipe.semi_continuous", "recipe.discrete"] },
];

const isGuided = (recipe: Recipe): boolean => recipe.guidance_scale > 1;

export const MORE: readonly Field[] = [
  { kind: "dial", key: "gamma", step: 0.05, unit: "share", when: (recipe) => recipe.sampler === "tcd" },
  { kind: "choice", key: "guidance", options: ["recipe.full", "recipe.residual_self", "recipe.residual_once"], when: isGuided },
  { kind: "dial", key: "guidance_delta", step: 0.05, when: (recipe) => isGuided(recipe) && recipe.guidance !== "full" },
  { kind: "dial", key: "bootstrap_mix", step: 0.1, unit: "steps", when: (recipe) => recipe.bootstrap_steps > 0 },
  { kind: "dial", key: "leak_sensitivity", step: 0.05, most: 1 },
  { kind: "dial", key: "cover", step: 0.05, unit: "share" },
  { kind: "dial", key: "enlarge", step: 0.5, most: 4, unit: "times" },
  { kind: "pixels", key: "window_px" },
  { kind: "pixels", key: "tile_px" },
  { kind: "words", key: "region_suffix" },
  { kind: "switch", key: "blend" },
  { kind: "choice", key: "method", options: ["recipe.exact", "recipe.joint", "recipe.published", "recipe.multidiffusion"] },
];

/** What Reset puts back. */
export const KEYS: readonly (keyof Recipe)[] = ["sampler", "step_indices", "grid_steps", ...[...FIRST, ...MORE].map(({ key }) => key)];

/** Least and most of a dial; a value beyond the usual ones stretches it, and the wire's own range ends it. */
export function rangeOf(field: Extract<Field, { kind: "dial" }>, recipe: Recipe): readonly [number, number] {
  const [least, most] = LIMITS.Recipe[field.key];
  const value = Number(recipe[field.key]);
  const usual = field.key.startsWith("bootstrap") ? recipe.step_indices.length || recipe.num_steps : (field.most ?? most);
  return [least, Math.min(most, Math.max(usual, value))];
}
