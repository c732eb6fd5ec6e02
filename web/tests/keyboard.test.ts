import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Desk } from "../src/actions";
import { claimOn } from "../src/bindings";
import { listenToKeys } from "../src/keyboard";
import { panels } from "../src/panels.svelte";
import { settings } from "../src/settings.svelte";

class Element {}

beforeEach(() => {
  settings.keys = {};
  vi.stubGlobal("window", new EventTarget());
  vi.stubGlobal("document", { activeElement: null, querySelector: () => null });
  for (const name of ["HTMLElement", "HTMLInputElement", "HTMLTextAreaElement", "HTMLSelectElement"]) vi.stubGlobal(name, Element);
});

afterEach(() => vi.unstubAllGlobals());

function press(key: string, code: string, repeat = false): void {
  const facts = { key, code, repeat, isComposing: false, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
  window.dispatchEvent(Object.assign(new Event("keydown", { cancelable: true }), facts));
}

test("a key that is held locks once, and goes on where that is what it is held for", () => {
  const seen: string[] = [];
  const studio = {
    selected: "a", facts: { layers: [] }, layer: () => ({ brush: { id: "a" }, locked: false }), select: () => seen.push("below"),
    regions: { setLocked: () => seen.push("lock") },
  };
  const stop = listenToKeys({ studio } as unknown as Desk, {} as HTMLElement);
  for (let count = 0; count < 3; count++) press("k", "KeyK", count > 0);
  for (let count = 0; count < 3; count++) press("PageDown", "PageDown", count > 0);
  stop();
  expect(seen).toEqual(["lock", "below", "below", "below"]);
});

test("Escape closes a panel also where no action has that key any more", () => {
  settings.keys = { "stroke.cancel": ["Q"] };
  panels.open = "styles";
  const stop = listenToKeys({ easel: { isDrawing: false } } as unknown as Desk, {} as HTMLElement);
  press("Escape", "Escape");
  stop();
  expect(panels.open).toBeNull();
});

test.each([
  ["Tab", "leaves"], ["Shift+Tab", "leaves"], ["Escape", "leaves"], ["Enter", "controls"], ["Space", "controls"], ["Ctrl+T", "browser"],
  ["Shift+Enter", "free"], ["K", "free"],
])("%s, asked for as the key of an action: %s", (chord, claim) => {
  expect(claimOn(chord)).toBe(claim);
});
