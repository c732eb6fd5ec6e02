/** Names of keys, and what pointers do. */

/** What pointers do besides painting; for the cheat sheet. */
export const POINTER_HELP: readonly (readonly [string, string])[] = [
  ["Wheel", "Zoom at the cursor"],
  ["Alt+wheel", "Brush size"],
  ["Right drag", "Brush size and softness"],
  ["Middle drag", "Move the view"],
  ["Alt+click", "Choose the brush painted here"],
  ["Shift+click", "Straight line from the last stroke"],
];

const BY_CODE: Readonly<Record<string, string>> = {
  BracketLeft: "[", BracketRight: "]", Backslash: "\\", Backquote: "`", Space: "Space",
};

/** The key's name in the table. Letters follow the layout; digits and brackets fall back on the place of the key. */
export function chordOf(event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const place = BY_CODE[event.code] ?? (/^Digit\d$/.test(event.code) ? event.code.slice(5) : null);
  const isLetter = /^\p{L}$/u.test(event.key);
  const name = place ?? (isLetter ? event.key.toUpperCase() : event.key);
  const isSign = place === null && event.key.length === 1 && !isLetter;
  const parts = [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", event.shiftKey && !isSign ? "Shift" : ""];
  return [...parts.filter(Boolean), name].join("+");
}
