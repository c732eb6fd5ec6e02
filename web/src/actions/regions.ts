/** Brushes and their regions. */

import { panels } from "../panels.svelte";
import type { Studio } from "../studio.svelte";
import type { Action, Desk } from "./action";

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"] as const;

export const regionsActions: readonly Action[] = [
  { id: "region.choose", chords: DIGITS, press: ({ studio }, chord) => chooseBrush(studio, Number(chord)) },
  { id: "region.background", chords: ["0"], press: ({ studio }) => studio.select(null) },
  { id: "region.previous", chords: ["X"], press: ({ studio }) => studio.selectPrevious() },
  { id: "region.new", chords: ["N"], press: (desk) => desk.newBrush() },
  { id: "region.above", chords: ["PageUp"], repeats: true, press: ({ studio }) => stepBrush(studio, 1) },
  { id: "region.below", chords: ["PageDown"], repeats: true, press: ({ studio }) => stepBrush(studio, -1) },
  { id: "region.raise", chords: ["Alt+ArrowUp"], repeats: true, press: ({ studio }) => moveSelected(studio, 1) },
  { id: "region.lower", chords: ["Alt+ArrowDown"], repeats: true, press: ({ studio }) => moveSelected(studio, -1) },
  { id: "region.clear", chords: ["Delete", "Backspace"], press: ({ studio }) => studio.selected && studio.edits.clearRegion(studio.selected) },
  { id: "region.lock", chords: ["K"], press: ({ studio }) => toggleLock(studio) },
  { id: "region.hide", chords: ["Shift+K"], press: ({ studio }) => toggleSight(studio) },
  { id: "region.duplicate", chords: ["Ctrl+J"], press: ({ studio }) => studio.selected && studio.regions.duplicate(studio.selected) },
  { id: "region.merge", chords: ["Ctrl+E"], press: ({ studio }) => studio.selected && studio.regions.mergeDown(studio.selected) },
  { id: "region.seed_back", chords: ["Shift+R"], press: ({ studio }) => studio.regions.rollBack() },
  { id: "region.inspect", chords: ["W"], press: inspect },
  { id: "region.take_words", chords: ["Shift+W"], press: ({ regions }) => (regions.isTakingWords = true) },
  { id: "region.styles", chords: ["T"], press: () => panels.toggle("styles") },
  { id: "region.chance", chords: [], press: ({ studio }) => studio.regions.fillByChance() },
  { id: "dock.palette.save", chords: [], press: ({ regions }) => regions.savePalette() },
  { id: "dock.palette.open", chords: [], press: ({ regions }) => void regions.choosePalette() },
  { id: "dock.masks.save", chords: [], press: ({ regions }) => void regions.saveMasks() },
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
  if (layer) studio.regions.setLocked(layer.brush.id, !layer.locked);
}

function toggleSight(studio: Studio): void {
  const layer = studio.layer(studio.selected);
  if (layer) studio.edits.setVisible(layer.brush.id, !layer.visible);
}

/** The details of the chosen brush, with what of it acts. */
function inspect({ studio, regions }: Desk): void {
  const id = studio.selected;
  if (id === null) return;
  const isShown = regions.inspected === id && studio.unfolded === id;
  regions.inspected = isShown ? null : id;
  if (!isShown) studio.unfolded = id;
}
