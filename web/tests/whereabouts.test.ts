import { expect, test } from "vitest";
import { whereabouts } from "../src/document/whereabouts";

function box(width: number, height: number, [x, y, w, h]: readonly [number, number, number, number]) {
  const alpha = new Uint8Array(width * height);
  for (let row = y; row < y + h; row++) alpha.fill(255, row * width + x, row * width + x + w);
  return { width, height, alpha };
}

test.each([
  [[0, 0, 20, 20], "left", "top", 0.04],
  [[80, 40, 20, 20], "right", "middle", 0.04],
  [[30, 80, 40, 20], "middle", "bottom", 0.08],
  [[0, 0, 100, 100], "middle", "middle", 1],
] as const)("%o lies %s, %s and is %s of the canvas", (rect, column, row, share) => {
  expect(whereabouts(box(100, 100, rect))).toEqual({ column, row, share });
});

test("a large canvas is sampled and a bare one is nowhere", () => {
  const found = whereabouts(box(1920, 1080, [0, 540, 960, 540]));
  expect(found).toMatchObject({ column: "left", row: "bottom" });
  expect(found?.share).toBeCloseTo(0.25, 1);
  expect(whereabouts(box(64, 64, [0, 0, 0, 0]))).toBeNull();
});
