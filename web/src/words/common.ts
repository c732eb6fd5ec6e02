import type { Words } from "./word";

/** Words that belong to no part of the page alone. */
export const commonWords = {
  "group.tools": { en: "Tools", de: "Werkzeuge" },
  "group.regions": { en: "Brushes", de: "Pinsel" },
  "group.live": { en: "Picture", de: "Bild" },
  "group.view": { en: "View", de: "Ansicht" },
  "group.files": { en: "File", de: "Datei" },
  "group.page": { en: "Page", de: "Seite" },
  "key.Ctrl": { en: "Ctrl", de: "Strg" },
  "key.Alt": { en: "Alt", de: "Alt" },
  "key.Shift": { en: "Shift", de: "Umschalt" },
  "key.Delete": { en: "Del", de: "Entf" },
  "key.PageUp": { en: "PgUp", de: "Bild ↑" },
  "key.PageDown": { en: "PgDn", de: "Bild ↓" },
  "key.Space": { en: "Space", de: "Leertaste" },
  "key.Enter": { en: "Enter", de: "Eingabe" },
  "key.Home": { en: "Home", de: "Pos 1" },
  "key.End": { en: "End", de: "Ende" },
  "key.Insert": { en: "Ins", de: "Einfg" },
} as const satisfies Words;
