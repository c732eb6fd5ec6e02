/** How the canvas is looked at. */

import { panels } from "../panels.svelte";
import { settings } from "../settings.svelte";
import type { Action } from "./action";

const TURN = Math.PI / 12;
const SEEN = 0.55;

export const viewActions: readonly Action[] = [
  { id: "view.hand", chords: ["Space", "Shift+Space"], needsStage: true, press: ({ easel }) => (easel.pointer.isPanning = true), release: ({ easel }) => (easel.pointer.isPanning = false) },
  { id: "view.fit", chords: ["Ctrl+0", "Shift+1"], press: ({ easel }) => easel.viewport.fit() },
  { id: "view.actual", chords: ["Ctrl+1"], press: ({ easel }) => easel.viewport.zoomTo(1) },
  { id: "view.in", chords: ["Ctrl++", "Ctrl+="], repeats: true, press: ({ easel }) => easel.viewport.zoomIn() },
  { id: "view.out", chords: ["Ctrl+-"], repeats: true, press: ({ easel }) => easel.viewport.zoomOut() },
  { id: "view.region", chords: ["Shift+2"], press: ({ easel }) => easel.fitChosen() },
  { id: "view.left", chords: ["Ctrl+["], repeats: true, press: ({ easel }) => easel.viewport.turnBy(-TURN) },
  { id: "view.right", chords: ["Ctrl+]"], repeats: true, press: ({ easel }) => easel.viewport.turnBy(TURN) },
  { id: "view.straighten", chords: ["Shift+5"], press: ({ easel }) => easel.viewport.straighten() },
  { id: "view.mirror", chords: ["M"], press: ({ easel }) => easel.viewport.mirror() },
  { id: "view.patterns", chords: ["Shift+O"], press: () => (settings.hasPatterns = !settings.hasPatterns) },
  { id: "view.labels", chords: ["Alt+O"], press: () => (settings.hasLabels = !settings.hasLabels) },
  { id: "view.overlay", chords: ["O"], press: toggleOverlay },
  { id: "view.panels", chords: ["Tab"], needsStage: true, press: ({ studio }) => (studio.isUiHidden = !studio.isUiHidden) },
  { id: "view.help", chords: ["?"], press: () => (panels.dialog = "help") },
];

function toggleOverlay(): void {
  settings.overlayOpacity = settings.overlayOpacity > 0 ? 0 : SEEN;
}
