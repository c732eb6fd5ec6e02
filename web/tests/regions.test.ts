import { expect, test } from "vitest";
import { MaskCanvas } from "../src/canvas/mask";
import { Thumbnail, THUMBNAIL_PX } from "../src/canvas/thumbnail";
import { topmostAt } from "../src/canvas/under";
import { suggestions } from "../src/document/concepts";
import { PaletteError, paletteOf, paletteText } from "../src/document/palettefile";
import { Recall, remember, spokenPrompts } from "../src/document/spoken";
import { isSameStyle, strangeWords, STYLES } from "../src/document/styles";
import { drawnFrom, themesFor } from "../src/document/themes";
import { alphaOf } from "../src/net/masks";
import { reweighted } from "../src/document/weights";
import { type Brush, NEW_BRUSH } from "../src/wire.gen";
import { Chance } from "./random";

function brush(id: string, fields: Partial<Brush> = {}): Brush {
  return { ...NEW_BRUSH, id, color: "#e69f00", ...fields };
}

test.each([
  ["a red cat", 4, 4, 1, "a (red:1.1) cat", "red"],
  ["a (red:1.1) cat", 5, 5, 1, "a (red:1.2) cat", "red"],
  ["a (red:1.1) cat", 3, 6, -1, "a red cat", "red"],
  ["a red cat", 2, 9, -1, "a (red cat:0.9)", "red cat"],
  ["a red cat ", 1, 10, 1, "a (red cat:1.1) ", "red cat"],
  ["(cat:3)", 2, 2, 1, "(cat:3)", "cat"],
  ["(cat:0.1)", 2, 2, -1, "(cat:0.1)", "cat"],
  ["", 0, 0, 1, "", ""],
  ["cat, dog", 4, 4, 1, "cat, dog", ""],
] as const)("%s at %i-%i weighed by %i becomes %s", (text, start, end, direction, wanted, selected) => {
  const found = reweighted({ text, start, end }, direction);
  expect(found.text).toBe(wanted);
  expect(found.text.slice(found.start, found.end)).toBe(selected);
});

test("more and less are each other's way back", () => {
  const chance = new Chance(5);
  for (let round = 0; round < 200; round++) {
    const text = "old castle, (moon:1.3) by the sea";
    const start = chance.below(text.length);
    const once = reweighted({ text, start, end: start }, 1);
    if (once.start !== once.end) expect(reweighted(once, -1).text).toBe(text);
  }
});

test("earlier prompts come back newest first, and what was being written after them", () => {
  for (const prompt of ["castle", "moon", "castle", " "]) remember(prompt);
  expect(spokenPrompts()).toEqual(["castle", "moon"]);
  const recall = new Recall("a ca");
  expect([true, true, true, false, false, false].map((back) => recall.step(back))).toEqual(["castle", "moon", "moon", "castle", "a ca", "a ca"]);
  expect(new Recall("castle").step(true)).toBe("moon");
});

test("a palette goes into a file and comes back, without ids and masks", () => {
  const brushes = [brush("a", { prompt: "castle", name: "Keep", seed: 3, softness_px: 8, acts_until: 0.5 }), brush("b", { color: "#123456" })];
  const behind = { prompt: "night sky", negative: "stars" };
  const text = paletteText(brushes, behind, STYLES.slice(0, 2));
  expect(text).not.toContain('"id"');
  const back = paletteOf(text);
  expect(back.brushes).toEqual(brushes.map(({ id: _, ...rest }) => rest));
  expect(back.background).toEqual(behind);
  expect(back.styles).toEqual(STYLES.slice(0, 2));
});

test("the palette that the published demos export is read", () => {
  const text = JSON.stringify({
    model_id: "x", seed: -1,
    prompt_names: ["Background", "Girl", "Boy", "New"], prompts: ["park", "1girl", "1boy", ""], neg_prompts: ["humans", "bad", "", ""],
    prompt_strengths: [1, 0.9, 1], mask_strengths: [0.99, 1, 1], mask_stds: [0.0001, 16, 500],
  });
  const { brushes, background, styles } = paletteOf(text);
  expect(background).toEqual({ prompt: "park", negative: "humans" });
  expect(styles).toBeNull();
  expect(brushes).toHaveLength(2);
  expect(brushes[0]).toMatchObject({ name: "Girl", prompt: "1girl", negative: "bad", prompt_strength: 1, strength: 0.99, softness_px: 0.0001 });
  expect(brushes[1]).toMatchObject({ name: "Boy", prompt: "1boy", prompt_strength: 0.9, softness_px: 16 });
});

test.each(["{", "[]", "3", "null", "{}", '{"prompts": 3}', '{"kind": "semdraw palette", "version": 2}'])("%s is no palette, and says why", (text) => {
  expect(() => paletteOf(text)).toThrow(PaletteError);
});

test("whatever stands in a palette's fields, brushes come out as the wire takes them", () => {
  const odd = { prompt: 7, name: "n".repeat(500), color: "red", strength: 5, softness_px: -1, seed: 1e99, acts_from: "x" };
  const [found] = paletteOf(JSON.stringify({ kind: "semdraw palette", version: 1, brushes: [odd, 3, null] })).brushes;
  expect(found).toMatchObject({ prompt: "", strength: 1, softness_px: 0, seed: 2 ** 32 - 1, acts_from: 0 });
  expect(found?.name).toHaveLength(120);
  expect(found).not.toHaveProperty("color");
});

test("a style's words that a model of few words was never taught are told; a model of many knows all", () => {
  expect(strangeWords({ prompt: "ink drawing of a {prompt}" }, ["a", "of", "castle"])).toEqual(["ink", "drawing"]);
  expect(strangeWords({ prompt: "{prompt}, a castle" }, ["a", "castle"])).toEqual([]);
  expect(STYLES.every((style) => strangeWords(style, []).length === 0)).toBe(true);
  expect(STYLES.filter((style) => STYLES.some((other) => other !== style && isSameStyle(style, other)))).toEqual([]);
});

test("a palette by chance takes things that go together and that the model knows", () => {
  const concepts = (names: readonly string[]) => names.map((name) => ({ name, synonyms: [] }));
  const themes = themesFor(concepts(["whale", "sailboat", "castle", "sun"]), concepts(["sea", "desert"]));
  expect(themes).toEqual([{ ground: "sea", things: ["sailboat", "whale", "sun"] }]);
  expect(themesFor([], []).length).toBeGreaterThan(8);
  const drawn = drawnFrom(["a", "b", "c"], 7);
  expect(drawn).toHaveLength(7);
  expect(new Set(drawn.slice(0, 3)).size).toBe(3);
  expect(drawnFrom([], 3)).toEqual([]);
});

test("a thumbnail after any strokes is the one of the whole mask", () => {
  const chance = new Chance(2);
  for (const [width, height] of [[300, 120], [20, 64], [640, 640]] as const) {
    const mask = new MaskCanvas(width, height);
    const thumbnail = new Thumbnail(mask);
    const stop = mask.watch((rect) => thumbnail.changed(rect));
    thumbnail.update();
    for (let round = 0; round < 20; round++) {
      const [x, y] = [chance.below(width), chance.below(height)];
      const rect = { x, y, width: 1 + chance.below(width - x), height: 1 + chance.below(height - y) };
      mask.paste(rect, new Uint8Array(rect.width * rect.height).fill(chance.below(256)));
      const made = thumbnail.update();
      expect(made && made.width * made.height).toBeLessThanOrEqual(thumbnail.alpha.length);
    }
    const whole = new Thumbnail(mask);
    whole.update();
    expect(thumbnail.alpha).toEqual(whole.alpha);
    expect(Math.max(whole.width, whole.height)).toBe(Math.min(THUMBNAIL_PX, Math.max(width, height)));
    stop();
    mask.touch(mask.bounds);
    expect(thumbnail.update()).toBeNull();
  }
});

test("a picture is a mask by how bright it is, or by how opaque where it has holes", () => {
  const grey = [0, 1, 128, 255].flatMap((value) => [value, value, value, 255]);
  expect([...alphaOf(Uint8ClampedArray.from(grey))]).toEqual([0, 1, 128, 255]);
  expect([...alphaOf(Uint8ClampedArray.from([255, 255, 255, 0, 0, 0, 0, 200]))]).toEqual([0, 200]);
});

test("the region under a place is the topmost that is seen and painted there", () => {
  const masks = new Map(["a", "b"].map((id) => [id, new MaskCanvas(8, 8)] as const));
  masks.get("a")?.alpha.fill(255);
  masks.get("b")?.alpha.fill(255, 0, 32);
  const layers = ["a", "b"].map((id) => ({ brush: brush(id), visible: true, locked: false, frozen: null, moved_px: [0, 0] as const }));
  const at = (x: number, y: number, shown = layers) => topmostAt({ x, y }, shown, masks)?.brush.id ?? null;
  expect([at(1, 1), at(1, 5), at(-1, 1), at(1, 8.5)]).toEqual(["b", "a", null, null]);
  expect(at(1, 1, layers.map((layer) => ({ ...layer, visible: layer.brush.id === "a" })))).toBe("a");
});

test("words are offered within choices and brackets, too", () => {
  const concepts = ["cat", "castle", "full moon"].map((name) => ({ name, synonyms: [] }));
  expect(suggestions("{dog|cas", concepts).map(({ prompt }) => prompt)).toEqual(["{dog|castle"]);
  expect(suggestions("a (full mo", concepts).map(({ prompt }) => prompt)).toEqual(["a (full moon"]);
  expect(suggestions("dog, ca", concepts).map(({ name }) => name)).toEqual(["cat", "castle"]);
});
