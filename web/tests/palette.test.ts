import { expect, test } from "vitest";
import { fits, ranked, remembered, score } from "../src/palette";

const ENTRIES = [
  { id: "open", names: ["Open a project", "Projekt öffnen"] },
  { id: "save", names: ["Save the project", "Projekt speichern"] },
  { id: "size", names: ["Larger", "Größer"] },
  { id: "png", names: ["Save a PNG", "PNG speichern"] },
];
const found = (query: string, recent: readonly string[] = []) => ranked(query, ENTRIES, recent).map(({ id }) => id);

test("letters in their order find a name, in either language, whatever their case and accents", () => {
  expect(found("svproj")[0]).toBe("save");
  expect(found("open")).toEqual(["open"]);
  expect(found("offnen")).toEqual(["open"]);
  expect(found("GROSSER")).toEqual(["size"]);
  expect(found("zzz")).toEqual([]);
});

test("beginnings of words count more than letters that are strewn about", () => {
  expect(score("sp", "Save a PNG")).toBeGreaterThan(score("sp", "Clasp") as number);
  expect(score("png", "Open a ring")).toBeNull();
});

test("letters of one word count more than the beginnings of several, and the shown language more than the other", () => {
  expect(score("ma", "Masks")).toBeGreaterThan(score("ma", "Move and transform") as number);
  const twins = [{ id: "other", names: ["Zoom", "Masken"] }, { id: "own", names: ["Masken", "Zoom"] }];
  expect(ranked("mask", twins, []).map(({ id }) => id)).toEqual(["own", "other"]);
});

test("without letters all are there, and what was used lately comes first", () => {
  expect(found("")).toEqual(["open", "save", "size", "png"]);
  expect(found("", ["png", "size"]).slice(0, 2)).toEqual(["png", "size"]);
  expect(found("save", ["png"])[0]).toBe("png");
});

test("what was used lately is remembered once, the newest first, and not for ever", () => {
  let recent: readonly string[] = [];
  for (const id of [..."abcdefghij", "i"]) recent = remembered(id, recent);
  expect(recent).toEqual(["i", "j", "h", "g", "f", "e", "d", "c"]);
});

test("a search without letters fits everything", () => {
  expect(fits("", ["Brush"])).toBe(true);
  expect(fits("pinsel", ["Brush", "Pinsel"])).toBe(true);
});
