import { expect, test } from "vitest";
import { followed } from "../src/document/recipe";
import { NEW_RECIPE } from "../src/wire.gen";

const former = { ...NEW_RECIPE, sampler: "lcm", num_steps: 4 } as const;
const own = { ...NEW_RECIPE, sampler: "ddim", num_steps: 20 } as const;

test("sampler and steps of the former model become the new one's, and nothing else changes", () => {
  const recipe = { ...former, guidance_scale: 3 };
  expect(followed(recipe, former, own)).toEqual({ ...recipe, sampler: "ddim", num_steps: 20 });
});

test("so does the method, with its bootstrap steps", () => {
  const joint = { ...own, method: "joint", bootstrap_steps: 1 } as const;
  expect(followed({ ...former, num_steps: 8 }, former, joint)).toEqual({ ...former, num_steps: 8, method: "joint", bootstrap_steps: 1 });
  expect(followed({ ...former, bootstrap_steps: 0 }, former, joint)).toEqual({ ...joint, method: "exact", bootstrap_steps: 0 });
});

test("what the painter chose stays", () => {
  const recipe = { ...former, num_steps: 8 };
  expect(followed(recipe, former, own)).toBe(recipe);
});
