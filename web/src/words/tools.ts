import type { Words } from "./word";

export const toolsWords = {
  "tool.brush": { en: "Brush", de: "Pinsel" },
  "tool.eraser": { en: "Eraser", de: "Radierer" },
  "tip.smaller": { en: "Smaller", de: "Kleiner" },
  "tip.larger": { en: "Larger", de: "Größer" },
  "tip.harder": { en: "Harder", de: "Härter" },
  "tip.softer": { en: "Softer", de: "Weicher" },
  "stroke.cancel": { en: "Cancel the stroke", de: "Strich abbrechen" },
  "edit.undo": { en: "Undo", de: "Rückgängig" },
  "edit.redo": { en: "Redo", de: "Wiederholen" },
} as const satisfies Words;
