/** Tools, their tips, and steps back and forth. */

import { resizeTip, settings, softenTip, tipOf } from "../settings.svelte";
import type { Studio } from "../studio.svelte";
import type { ToolName } from "../tools/tool";
import type { Action, Desk } from "./action";

const SHAPES: readonly ToolName[] = ["rectangle", "ellipse", "polygon", "line"];
/** CSS pixels that an arrow key moves the pen. */
const STEP_PX = 4;
const FAR = 10;
const WAYS: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export const toolsActions: readonly Action[] = [
  { id: "tool.brush", chords: ["B"], press: take("brush") },
  { id: "tool.eraser", chords: ["E"], press: ({ studio }) => (studio.tool = studio.tool === "eraser" ? "brush" : "eraser") },
  { id: "tool.shapes", chords: ["U"], press: ({ studio }) => (studio.tool = nextShape(studio.tool)) },
  { id: "tool.lasso", chords: ["L"], press: take("lasso") },
  { id: "tool.fill", chords: ["G"], press: take("fill") },
  { id: "tool.gradient", chords: ["Shift+G"], press: take("gradient") },
  { id: "tool.move", chords: ["V"], press: take("move") },
  { id: "tip.smaller", chords: ["["], repeats: true, press: ({ studio }) => scaleTip(studio, 1 / 1.15) },
  { id: "tip.larger", chords: ["]"], repeats: true, press: ({ studio }) => scaleTip(studio, 1.15) },
  { id: "tip.harder", chords: ["Shift+["], repeats: true, press: ({ studio }) => soften(studio, -0.1) },
  { id: "tip.softer", chords: ["Shift+]"], repeats: true, press: ({ studio }) => soften(studio, 0.1) },
  { id: "tip.fainter", chords: ["Alt+["], repeats: true, press: ({ studio }) => fade(studio, -0.1) },
  { id: "tip.stronger", chords: ["Alt+]"], repeats: true, press: ({ studio }) => fade(studio, 0.1) },
  { id: "symmetry.toggle", chords: ["S"], press: toggleSymmetry },
  { id: "mask.invert", chords: ["Ctrl+I"], press: ({ studio }) => studio.edits.invertRegion() },
  { id: "mask.grow", chords: ["Alt+G"], repeats: true, press: ({ studio }) => studio.edits.growRegion(0.01) },
  { id: "mask.shrink", chords: ["Alt+Shift+G"], repeats: true, press: ({ studio }) => studio.edits.growRegion(-0.01) },
  { id: "stroke.nudge", chords: Object.keys(WAYS), needsStage: true, repeats: true, press: nudge },
  { id: "stroke.nudgeFar", chords: Object.keys(WAYS).map((key) => `Shift+${key}`), needsStage: true, repeats: true, press: nudge },
  { id: "stroke.finish", chords: ["Enter"], needsStage: true, press: ({ easel }) => easel.enter() },
  { id: "stroke.cancel", chords: ["Escape"], press: ({ easel }) => easel.cancelStroke() },
  { id: "edit.undo", chords: ["Ctrl+Z"], repeats: true, press: ({ easel }) => easel.undo() },
  { id: "edit.redo", chords: ["Ctrl+Shift+Z", "Ctrl+Y"], repeats: true, press: ({ studio }) => studio.redo() },
];

function take(tool: ToolName) {
  return ({ studio }: Desk): void => void (studio.tool = tool);
}

/** The first shape, or the one after that in the hand. */
function nextShape(tool: ToolName): ToolName {
  return SHAPES[(SHAPES.indexOf(tool) + 1) % SHAPES.length] as ToolName;
}

function scaleTip(studio: Studio, factor: number): void {
  const tip = tipOf(studio.tool);
  resizeTip(tip, tip.size * factor);
}

function soften(studio: Studio, by: number): void {
  const tip = tipOf(studio.tool);
  softenTip(tip, Math.round(10 * (tip.softness + by)) / 10);
}

function fade(studio: Studio, by: number): void {
  const tip = tipOf(studio.tool);
  tip.opacity = Math.min(1, Math.max(0.1, Math.round(10 * (tip.opacity + by)) / 10));
}

function toggleSymmetry(): void {
  const { symmetry } = settings;
  settings.symmetry = { ...symmetry, kind: symmetry.kind === "off" ? "vertical" : "off" };
}

/** What is moved goes by pixels of the picture, the pen by those of the screen. */
function nudge({ easel, studio }: Desk, chord: string): void {
  const [x, y] = WAYS[chord.split("+").at(-1) ?? ""] ?? [0, 0];
  const step = (studio.tool === "move" ? 1 : STEP_PX) * (chord.startsWith("Shift") ? FAR : 1);
  easel.nudge({ x: x * step, y: y * step });
}
