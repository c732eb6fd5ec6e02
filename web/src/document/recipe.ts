import type { Recipe } from "../wire.gen";

/** Fields that a model chooses together. */
const GROUPS: readonly (readonly (keyof Recipe)[])[] = [["sampler", "num_steps", "step_indices", "grid_steps"], ["method", "bootstrap_steps"]];

/**
 * A recipe after a change of models: what was the former model's own becomes that of the new one, as on the server;
 * what the painter chose stays.
 */
export function followed(recipe: Recipe, former: Recipe, own: Recipe): Recipe {
  const fields = GROUPS.filter((names) => names.every((name) => JSON.stringify(recipe[name]) === JSON.stringify(former[name]))).flat();
  const changed = fields.filter((name) => JSON.stringify(recipe[name]) !== JSON.stringify(own[name]));
  return changed.length > 0 ? { ...recipe, ...Object.fromEntries(changed.map((name) => [name, own[name]])) } : recipe;
}
