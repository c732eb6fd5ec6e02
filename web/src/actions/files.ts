/** In and out. */

import { panels } from "../panels.svelte";
import type { Action } from "./action";

export const filesActions: readonly Action[] = [
  { id: "file.save", chords: ["Ctrl+S"], inFields: true, press: ({ files }) => void files.saveProject() },
  { id: "file.open", chords: ["Ctrl+O"], inFields: true, press: ({ files }) => void files.chooseProject() },
  { id: "file.png", chords: ["Ctrl+Shift+E"], inFields: true, press: ({ files }) => void files.savePng() },
  { id: "file.export", chords: ["Ctrl+Shift+S"], inFields: true, press: () => (panels.dialog = "export") },
  { id: "file.copy", chords: ["Ctrl+Shift+C"], press: ({ files }) => void files.copyPicture() },
  { id: "file.photo", chords: [], press: ({ files }) => void files.chooseBackground() },
  { id: "file.camera", chords: [], press: () => (panels.dialog = "camera") },
  { id: "file.canvas", chords: ["Ctrl+Alt+C"], press: () => (panels.dialog = "canvas") },
];
