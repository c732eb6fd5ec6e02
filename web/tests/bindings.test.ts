import { beforeEach, expect, test } from "vitest";
import { ACTIONS, type Action } from "../src/actions";
import { actionOf, bind, chordsOf, chordText, isRebound, keysText, titled, unbind } from "../src/bindings";
import { settings } from "../src/settings.svelte";

const named = (id: string): Action => ACTIONS.find((action) => action.id === id) as Action;

beforeEach(() => {
  settings.keys = {};
  settings.language = "en";
});

test("no key does two things, and every action has a name for ever", () => {
  const chords = ACTIONS.flatMap((action) => action.chords);
  expect(chords.filter((chord, at) => chords.indexOf(chord) !== at)).toEqual([]);
  const ids = ACTIONS.map((action) => action.id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("a key that is given to an action is taken from the one that had it", () => {
  bind(named("tool.brush"), "E");
  expect(actionOf("E")?.id).toBe("tool.brush");
  expect(actionOf("B")).toBeUndefined();
  expect(chordsOf(named("tool.eraser"))).toEqual([]);
  expect(titled("tool.eraser")).toBe("Eraser");
  expect(titled("tool.brush")).toBe("Brush (E)");
});

test("of two keys only the one that was taken is lost", () => {
  bind(named("tool.brush"), "Ctrl+Y");
  expect(chordsOf(named("edit.redo"))).toEqual(["Ctrl+Shift+Z"]);
});

test("an action gets its own keys back, whoever had them meanwhile", () => {
  bind(named("tool.eraser"), "B");
  unbind(named("tool.brush"));
  expect(actionOf("B")?.id).toBe("tool.brush");
  expect(isRebound(named("tool.brush"))).toBe(false);
  expect(chordsOf(named("tool.eraser"))).toEqual([]);
});

test("keys are written as they stand on the keyboard of the language", () => {
  expect(chordText("Ctrl+Shift+Z")).toBe("Ctrl+Shift+Z");
  expect(chordText("Ctrl++")).toBe("Ctrl++");
  settings.language = "de";
  expect(chordText("Ctrl+Shift+Z")).toBe("Strg+Umschalt+Z");
  expect(keysText(named("region.choose"))).toBe("1–9");
});
