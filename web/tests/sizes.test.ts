import { expect, test } from "vitest";
import { fitting, presets } from "../src/ui/sizes";

test.each([
  [500, 64, 512],
  [1, 8, 64],
  [99999, 8, 4096],
  [Number.NaN, 8, 256],
  [99999, 60, 4080],
])("a side of %s px at multiples of %s becomes %s", (side, multiple, expected) => {
  expect(fitting(side, multiple, 256)).toBe(expected);
});

test("the model's own size comes first, every size is one that it takes, and none comes twice", () => {
  const sizes = presets([256, 256], 64);
  expect(sizes[0]).toEqual([256, 256]);
  expect(sizes.flat().every((side) => side % 64 === 0)).toBe(true);
  expect(new Set(sizes.map(String)).size).toBe(sizes.length);
  expect(sizes.some(([width, height]) => width > height)).toBe(true);
  expect(sizes.some(([width, height]) => width < height)).toBe(true);
});
