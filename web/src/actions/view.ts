/** How the canvas is looked at. */

import { panels } from "../panels.svelte";
import type { Action } from "./action";

export const viewActions: readonly Action[] = [
  { id: "view.hand", chords: ["Space"], needsStage: true, press: ({ easel }) => (easel.pointer.isPanning = true), release: ({ easel }) => (easel.pointer.isPanning = false) },
  { id: "view.fit", chords: ["Ctrl+0", "Shift+1"], press: ({ easel }) => easel.viewport.fit() },
  { id: "view.actual", chords: ["Ctrl+1"], press: ({ easel }) => easel.viewport.zoomTo(1) },
  { id: "view.in", chords: ["Ctrl++", "Ctrl+="], press: ({ easel }) => easel.viewport.zoomIn() },
  { id: "view.out", chords: ["Ctrl+-"], press: ({ easel }) => easel.viewport.zoomOut() },
  { id: "view.panels", chords: ["Tab"], needsStage: true, press: ({ studio }) => (studio.isUiHidden = !studio.isUiHidden) },
  { id: "view.help", chords: ["?"], press: () => (panels.dialog = "help") },
];
