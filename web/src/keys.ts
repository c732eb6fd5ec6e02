/** Names of keys, and what pointers do. */

/** What pointers do besides painting; for the cheat sheet. The words of each have a twin that ends with `.does`. */
export const POINTER_HELP = [
  "pointer.wheel", "pointer.alt_wheel", "pointer.right_drag", "pointer.middle_drag", "pointer.space_drag", "pointer.alt_click", "pointer.shift_click",
  "pointer.shift_drag", "pointer.alt_drag", "pointer.hold", "pointer.two_fingers", "pointer.two_tap", "pointer.four_tap", "pointer.finger_hold",
] as const;

const BY_CODE: Readonly<Record<string, string>> = {
  BracketLeft: "[", BracketRight: "]", Backslash: "\\", Backquote: "`", Space: "Space",
};

/** Where Alt makes a sign of a letter, the letter's place counts. */
const LETTER = /^Key([A-Z])$/;

/** The key's name in the table. Letters follow the layout; digits and brackets fall back on the place of the key. */
export function chordOf(event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const place = BY_CODE[event.code] ?? (/^Digit\d$/.test(event.code) ? event.code.slice(5) : null);
  const isLetter = /^\p{L}$/u.test(event.key);
  const letter = isLetter ? event.key.toUpperCase() : event.altKey ? LETTER.exec(event.code)?.[1] : undefined;
  const name = place ?? letter ?? event.key;
  const isSign = place === null && letter === undefined && event.key.length === 1;
  const parts = [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", event.shiftKey && !isSign ? "Shift" : ""];
  return [...parts.filter(Boolean), name].join("+");
}
