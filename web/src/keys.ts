/** All keys in one table: the handler and the cheat sheet read the same lines. */

import type { Easel } from "./easel";
import { resizeTip, settings, softenTip } from "./settings.svelte";
import type { Studio } from "./studio.svelte";

/** What a key may act on. */
export interface Desk {
  readonly studio: Studio;
  readonly easel: Easel;
  saveProject(): void;
  openProject(): void;
  savePng(): void;
  newBrush(): void;
  showHelp(): void;
}

export interface Binding {
  readonly chords: readonly string[];
  readonly label: string;
  readonly group: "Tools" | "Brushes" | "Picture" | "View" | "File";
  readonly press: (desk: Desk, chord: string) => void;
  /** Present for keys that act while they are held. */
  readonly release?: (desk: Desk) => void;
  /** Only while no control has the focus that this key would work. */
  readonly needsStage?: boolean;
  /** Also while a text field has the focus; for keys that mean nothing in text. */
  readonly inFields?: boolean;
}

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"] as const;

export const BINDINGS: readonly Binding[] = [
  { chords: ["B"], label: "Brush", group: "Tools", press: ({ studio }) => (studio.tool = "brush") },
  { chords: ["E"], label: "Eraser", group: "Tools", press: ({ studio }) => (studio.tool = "eraser") },
  { chords: ["["], label: "Smaller", group: "Tools", press: ({ studio }) => scaleTip(studio, 1 / 1.15) },
  { chords: ["]"], label: "Larger", group: "Tools", press: ({ studio }) => scaleTip(studio, 1.15) },
  { chords: ["Shift+["], label: "Harder", group: "Tools", press: ({ studio }) => soften(studio, -0.1) },
  { chords: ["Shift+]"], label: "Softer", group: "Tools", press: ({ studio }) => soften(studio, 0.1) },
  { chords: ["Escape"], label: "Cancel the stroke", group: "Tools", press: ({ easel }) => easel.cancelStroke() },
  { chords: ["Ctrl+Z"], label: "Undo", group: "Tools", press: ({ studio, easel }) => undo(studio, easel) },
  { chords: ["Ctrl+Shift+Z", "Ctrl+Y"], label: "Redo", group: "Tools", press: ({ studio }) => studio.redo() },

  { chords: DIGITS, label: "Choose brush 1 to 9", group: "Brushes", press: ({ studio }, chord) => chooseBrush(studio, Number(chord)) },
  { chords: ["0"], label: "Choose the background", group: "Brushes", press: ({ studio }) => studio.select(null) },
  { chords: ["X"], label: "Previous brush", group: "Brushes", press: ({ studio }) => studio.selectPrevious() },
  { chords: ["N"], label: "New brush", group: "Brushes", press: (desk) => desk.newBrush() },
  { chords: ["PageUp"], label: "Brush above", group: "Brushes", press: ({ studio }) => stepBrush(studio, 1) },
  { chords: ["PageDown"], label: "Brush below", group: "Brushes", press: ({ studio }) => stepBrush(studio, -1) },
  { chords: ["Alt+ArrowUp"], label: "Move the layer up", group: "Brushes", press: ({ studio }) => moveSelected(studio, 1) },
  { chords: ["Alt+ArrowDown"], label: "Move the layer down", group: "Brushes", press: ({ studio }) => moveSelected(studio, -1) },
  { chords: ["Delete", "Backspace"], label: "Clear the region", group: "Brushes", press: ({ studio }) => studio.selected && studio.edits.clearRegion(studio.selected) },
  { chords: ["K"], label: "Lock or unlock the region", group: "Brushes", press: ({ studio }) => toggleLock(studio) },

  { chords: ["R"], label: "Roll the dice", group: "Picture", press: ({ studio }) => studio.edits.rollSeed() },
  { chords: ["Ctrl+Enter"], label: "Live on or off", group: "Picture", inFields: true, press: ({ studio }) => studio.setLive(!studio.isLive) },
  { chords: ["\\"], label: "Hold: masks only", group: "Picture", press: ({ studio }) => (studio.peek = "masks"), release: ({ studio }) => (studio.peek = "none") },
  { chords: ["`"], label: "Hold: picture only", group: "Picture", press: ({ studio }) => (studio.peek = "result"), release: ({ studio }) => (studio.peek = "none") },

  { chords: ["Space"], label: "Hold and drag: move the view", group: "View", needsStage: true, press: ({ easel }) => (easel.pointer.isPanning = true), release: ({ easel }) => (easel.pointer.isPanning = false) },
  { chords: ["Ctrl+0", "Shift+1"], label: "Fit", group: "View", press: ({ easel }) => easel.viewport.fit() },
  { chords: ["Ctrl+1"], label: "One to one", group: "View", press: ({ easel }) => easel.viewport.zoomTo(1) },
  { chords: ["Ctrl++", "Ctrl+="], label: "Zoom in", group: "View", press: ({ easel }) => easel.viewport.zoomIn() },
  { chords: ["Ctrl+-"], label: "Zoom out", group: "View", press: ({ easel }) => easel.viewport.zoomOut() },
  { chords: ["Tab"], label: "Hide or show the panels", group: "View", needsStage: true, press: ({ studio }) => (studio.isUiHidden = !studio.isUiHidden) },
  { chords: ["?"], label: "These keys", group: "View", press: (desk) => desk.showHelp() },

  { chords: ["Ctrl+S"], label: "Save the project", group: "File", inFields: true, press: (desk) => desk.saveProject() },
  { chords: ["Ctrl+O"], label: "Open a project", group: "File", inFields: true, press: (desk) => desk.openProject() },
  { chords: ["Ctrl+Shift+E"], label: "Save a PNG", group: "File", inFields: true, press: (desk) => desk.savePng() },
];

/** What pointers do besides painting; for the cheat sheet. */
export const POINTER_HELP: readonly (readonly [string, string])[] = [
  ["Wheel", "Zoom at the cursor"],
  ["Alt+wheel", "Brush size"],
  ["Right drag", "Brush size and softness"],
  ["Middle drag", "Move the view"],
  ["Alt+click", "Choose the brush painted here"],
  ["Shift+click", "Straight line from the last stroke"],
];

const BY_CODE: Readonly<Record<string, string>> = {
  BracketLeft: "[", BracketRight: "]", Backslash: "\\", Backquote: "`", Space: "Space",
};

/** The key's name in the table. Letters follow the layout; digits and brackets fall back on the place of the key. */
export function chordOf(event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const place = BY_CODE[event.code] ?? (/^Digit\d$/.test(event.code) ? event.code.slice(5) : null);
  const isLetter = /^\p{L}$/u.test(event.key);
  const name = place ?? (isLetter ? event.key.toUpperCase() : event.key);
  const isSign = place === null && event.key.length === 1 && !isLetter;
  const parts = [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", event.shiftKey && !isSign ? "Shift" : ""];
  return [...parts.filter(Boolean), name].join("+");
}

function scaleTip(studio: Studio, factor: number): void {
  const tip = settings.tips[studio.tool];
  resizeTip(tip, tip.size * factor);
}

function soften(studio: Studio, by: number): void {
  const tip = settings.tips[studio.tool];
  softenTip(tip, Math.round(10 * (tip.softness + by)) / 10);
}

function undo(studio: Studio, easel: Easel): void {
  if (easel.isDrawing) easel.cancelStroke();
  else studio.undo();
}

function chooseBrush(studio: Studio, number: number): void {
  const layer = studio.facts?.layers[number - 1];
  if (layer) studio.select(layer.brush.id);
}

function indexOfSelected(studio: Studio): number {
  return studio.facts?.layers.findIndex((layer) => layer.brush.id === studio.selected) ?? -1;
}

function stepBrush(studio: Studio, by: number): void {
  const layers = studio.facts?.layers ?? [];
  const index = Math.min(layers.length - 1, indexOfSelected(studio) + by);
  studio.select(index < 0 ? null : (layers[index]?.brush.id ?? null));
}

function moveSelected(studio: Studio, by: number): void {
  if (studio.selected) studio.edits.moveLayer(studio.selected, indexOfSelected(studio) + by);
}

function toggleLock(studio: Studio): void {
  const layer = studio.layer(studio.selected);
  if (layer) studio.edits.setLocked(layer.brush.id, !layer.locked);
}
