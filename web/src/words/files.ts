import type { Words } from "./word";

export const filesWords = {
  "file.save": { en: "Save the project", de: "Projekt speichern" },
  "file.open": { en: "Open a project", de: "Projekt öffnen" },
  "file.png": { en: "Save a PNG", de: "PNG speichern" },
} as const satisfies Words;
