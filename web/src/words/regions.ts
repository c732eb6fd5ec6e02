import type { Words } from "./word";

export const regionsWords = {
  "region.choose": { en: "Choose brush 1 to 9", de: "Pinsel 1 bis 9 wählen" },
  "region.background": { en: "Choose the background", de: "Hintergrund wählen" },
  "region.previous": { en: "Previous brush", de: "Voriger Pinsel" },
  "region.new": { en: "New brush", de: "Neuer Pinsel" },
  "region.above": { en: "Brush above", de: "Pinsel darüber" },
  "region.below": { en: "Brush below", de: "Pinsel darunter" },
  "region.raise": { en: "Move the layer up", de: "Ebene nach oben" },
  "region.lower": { en: "Move the layer down", de: "Ebene nach unten" },
  "region.clear": { en: "Clear the region", de: "Bereich leeren" },
  "region.lock": { en: "Lock or unlock the region", de: "Bereich sperren oder freigeben" },
} as const satisfies Words;
