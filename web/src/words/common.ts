import type { Words } from "./word";

/** Words that belong to no part of the page alone. */
export const commonWords = {
  "group.tools": { en: "Tools", de: "Werkzeuge" },
  "group.regions": { en: "Brushes", de: "Pinsel" },
  "group.live": { en: "Picture", de: "Bild" },
  "group.view": { en: "View", de: "Ansicht" },
  "group.files": { en: "File", de: "Datei" },
} as const satisfies Words;
