/** Tools, their tips, and steps back and forth. */

import type { Easel } from "../easel";
import { resizeTip, settings, softenTip } from "../settings.svelte";
import type { Studio } from "../studio.svelte";
import type { Action } from "./action";

export const toolsActions: readonly Action[] = [
  { id: "tool.brush", chords: ["B"], press: ({ studio }) => (studio.tool = "brush") },
  { id: "tool.eraser", chords: ["E"], press: ({ studio }) => (studio.tool = "eraser") },
  { id: "tip.smaller", chords: ["["], press: ({ studio }) => scaleTip(studio, 1 / 1.15) },
  { id: "tip.larger", chords: ["]"], press: ({ studio }) => scaleTip(studio, 1.15) },
  { id: "tip.harder", chords: ["Shift+["], press: ({ studio }) => soften(studio, -0.1) },
  { id: "tip.softer", chords: ["Shift+]"], press: ({ studio }) => soften(studio, 0.1) },
  { id: "stroke.cancel", chords: ["Escape"], press: ({ easel }) => easel.cancelStroke() },
  { id: "edit.undo", chords: ["Ctrl+Z"], press: ({ studio, easel }) => undo(studio, easel) },
  { id: "edit.redo", chords: ["Ctrl+Shift+Z", "Ctrl+Y"], press: ({ studio }) => studio.redo() },
];

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
