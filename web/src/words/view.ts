import type { Words } from "./word";

export const viewWords = {
  "view.hand": { en: "Hold and drag: move the view", de: "Halten und ziehen: Ansicht bewegen" },
  "view.fit": { en: "Fit", de: "Einpassen" },
  "view.actual": { en: "One to one", de: "Eins zu eins" },
  "view.in": { en: "Zoom in", de: "Vergrößern" },
  "view.out": { en: "Zoom out", de: "Verkleinern" },
  "view.panels": { en: "Hide or show the panels", de: "Leisten aus- oder einblenden" },
  "view.help": { en: "These keys", de: "Diese Tasten" },
} as const satisfies Words;
