/** The page around the canvas. */

import { focusArea } from "../areas";
import { panels } from "../panels.svelte";
import { settings, type Theme } from "../settings.svelte";
import { language } from "../words";
import type { Action } from "./action";

const NEXT: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };

export const pageActions: readonly Action[] = [
  { id: "page.palette", chords: ["Ctrl+K"], inFields: true, press: () => (panels.dialog = "palette") },
  { id: "page.new", chords: ["Alt+N"], press: () => (panels.dialog = "new") },
  { id: "page.recipe", chords: ["Alt+R"], press: () => panels.toggle("recipe") },
  { id: "page.settings", chords: ["Ctrl+,"], inFields: true, press: () => panels.toggle("settings") },
  { id: "page.theme", chords: [], press: () => (settings.theme = NEXT[settings.theme]) },
  { id: "page.language", chords: [], press: () => (settings.language = language() === "en" ? "de" : "en") },
  { id: "page.hands", chords: [], press: () => (settings.dockSide = settings.dockSide === "right" ? "left" : "right") },
  { id: "page.next_area", chords: ["F6"], inFields: true, press: () => focusArea(1) },
  { id: "page.previous_area", chords: ["Shift+F6"], inFields: true, press: () => focusArea(-1) },
];
