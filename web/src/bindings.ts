/** Which keys do what: those of the table, or those that the painter gave. */

import { type Action, ACTIONS } from "./actions";
import { settings } from "./settings.svelte";
import { t, type WordKey } from "./words";

const BY_ID: ReadonlyMap<string, Action> = new Map(ACTIONS.map((action) => [action.id, action]));

export function chordsOf(action: Action): readonly string[] {
  return settings.keys[action.id] ?? action.chords;
}

export function actionOf(chord: string): Action | undefined {
  return ACTIONS.find((action) => chordsOf(action).includes(chord));
}

/** A row of keys acts by which of them is pressed; it cannot be given others. */
export function isFixed(action: Action): boolean {
  return action.chords.length > 3;
}

/** What browsers keep for themselves. */
const BROWSERS = new Set(["Ctrl+N", "Ctrl+T", "Ctrl+W", "Ctrl+Shift+N", "Ctrl+Shift+T", "Ctrl+Shift+W", "Ctrl+R", "F5", "F11", "F12"]);
/** What leaves the question for a key, and what works any button that has the focus. */
const LEAVING = new Set(["Tab", "Shift+Tab", "Escape"]);
const WORKING = new Set(["Enter", "Space", "Shift+Space"]);

/** Whether a painter may give this key to an action: those that lead through the page stay as they are. */
export function claimOn(chord: string): "free" | "browser" | "leaves" | "controls" {
  if (LEAVING.has(chord)) return "leaves";
  if (WORKING.has(chord)) return "controls";
  return BROWSERS.has(chord) ? "browser" : "free";
}

/** Give one key to an action, in the place of those it had; whichever had that key has it no more. */
export function bind(action: Action, chord: string): void {
  const former = actionOf(chord);
  const keys = { ...settings.keys, [action.id]: [chord] };
  if (former && former !== action) keys[former.id] = chordsOf(former).filter((other) => other !== chord);
  settings.keys = keys;
}

/** The action's own keys again; other actions lose them. */
export function unbind(action: Action): void {
  const isOurs = (chord: string): boolean => action.chords.includes(chord);
  const losers = ACTIONS.filter((other) => other !== action && chordsOf(other).some(isOurs));
  const left = losers.map((other) => [other.id, chordsOf(other).filter((chord) => !isOurs(chord))] as const);
  const kept = Object.entries(settings.keys).filter(([id]) => id !== action.id);
  settings.keys = Object.fromEntries([...kept, ...left]);
}

export function isRebound(action: Action): boolean {
  return action.id in settings.keys;
}

const IS_MAC = typeof navigator !== "undefined" && /Mac|iP/.test(navigator.platform);
const MAC: Readonly<Record<string, string>> = { Ctrl: "⌘", Alt: "⌥", Shift: "⇧" };
const SIGNS: Readonly<Record<string, string>> = {
  ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", Backspace: "⌫",
};
const NAMED = ["Ctrl", "Alt", "Shift", "Delete", "PageUp", "PageDown", "Space", "Enter", "Home", "End", "Insert"] as const;

/** A key as it stands on the keyboard of the painter's language. */
function keyText(key: string): string {
  const sign = (IS_MAC ? MAC[key] : undefined) ?? SIGNS[key];
  if (sign) return sign;
  const named = NAMED.find((name) => name === key);
  return named ? t(`key.${named}`) : key;
}

export function chordText(chord: string): string {
  const parts = chord === "+" ? ["+"] : chord.replace(/\+\+$/, "+plus").split("+");
  return parts.map((part) => keyText(part === "plus" ? "+" : part)).join(IS_MAC ? "" : "+");
}

/** A row of keys by its ends; arrows as such. */
function rowText(chords: readonly string[]): string {
  const [first, last] = [chords[0] as string, chords.at(-1) as string];
  if (!first.includes("Arrow")) return `${chordText(first)}–${chordText(last)}`;
  return `${chordText(first).replace(/[←→↑↓]$/, "")}← ↑ → ↓`;
}

/** All keys of an action, as people read them; empty where it has none. */
export function keysText(action: Action): string {
  const chords = chordsOf(action);
  if (chords.length > 3) return rowText(chords);
  return chords.map(chordText).join(", ");
}

/** The first key of an action, as people read it; empty where it has none. */
export function firstKey(id: WordKey): string {
  const action = BY_ID.get(id);
  const chord = action && chordsOf(action)[0];
  return chord ? chordText(chord) : "";
}

/** For titles: the words, and the first key of an action behind them. `label` where other words fit better. */
export function titled(id: WordKey, label: string = t(id)): string {
  const key = firstKey(id);
  return key ? `${label} (${key})` : label;
}
