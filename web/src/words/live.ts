import type { Words } from "./word";

export const liveWords = {
  "live.dice": { en: "Roll the dice", de: "Würfeln" },
  "live.toggle": { en: "Live on or off", de: "Live an oder aus" },
  "live.masks": { en: "Hold: masks only", de: "Halten: nur Masken" },
  "live.result": { en: "Hold: picture only", de: "Halten: nur das Bild" },
} as const satisfies Words;
