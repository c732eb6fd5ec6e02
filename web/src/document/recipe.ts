import type { Recipe } from "../wire.gen";

const SAMPLING = ["sampler", "num_steps", "step_indices", "grid_steps"] as const;

/**
 * A recipe after a change of models: sampler and steps that were the former model's become those of the new one, as
 * on the server; others were chosen by the painter and stay.
 */
export function followed(recipe: Recipe, former: Recipe, own: Recipe): Recipe {
  const isFormer = SAMPLING.every((name) => JSON.stringify(recipe[name]) === JSON.stringify(former[name]));
  const { sampler, num_steps, step_indices, grid_steps } = own;
  return isFormer ? { ...recipe, sampler, num_steps, step_indices, grid_steps } : recipe;
}
