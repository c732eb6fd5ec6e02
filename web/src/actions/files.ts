/** In and out. */

import type { Action } from "./action";

export const filesActions: readonly Action[] = [
  { id: "file.save", chords: ["Ctrl+S"], inFields: true, press: (desk) => desk.saveProject() },
  { id: "file.open", chords: ["Ctrl+O"], inFields: true, press: (desk) => desk.openProject() },
  { id: "file.png", chords: ["Ctrl+Shift+E"], inFields: true, press: (desk) => desk.savePng() },
];
