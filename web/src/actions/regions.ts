/** Brushes and their regions. */

import type { Studio } from "../studio.svelte";
import type { Action } from "./action";

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"] as const;

export const regionsActions: readonly Action[] = [
  { id: "region.choose", chords: DIGITS, press: ({ studio }, chord) => chooseBrush(studio, Number(chord)) },
  { id: "region.background", chords: ["0"], press: ({ studio }) => studio.select(null) },
  { id: "region.previous", chords: ["X"], press: ({ studio }) => studio.selectPrevious() },
  { id: "region.new", chords: ["N"], press: (desk) => desk.newBrush() },
  { id: "region.above", chords: ["PageUp"], press: ({ studio }) => stepBrush(studio, 1) },
  { id: "region.below", chords: ["PageDown"], press: ({ studio }) => stepBrush(studio, -1) },
  { id: "region.raise", chords: ["Alt+ArrowUp"], press: ({ studio }) => moveSelected(studio, 1) },
  { id: "region.lower", chords: ["Alt+ArrowDown"], press: ({ studio }) => moveSelected(studio, -1) },
  { id: "region.clear", chords: ["Delete", "Backspace"], press: ({ studio }) => studio.selected && studio.edits.clearRegion(studio.selected) },
  { id: "region.lock", chords: ["K"], press: ({ studio }) => toggleLock(studio) },
];

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
