/** The picture as it comes, and what was there before. */

import { notices } from "../notices.svelte";
import { panels } from "../panels.svelte";
import type { Studio } from "../studio.svelte";
import { t } from "../words";
import type { Action } from "./action";

export const liveActions: readonly Action[] = [
  { id: "live.dice", chords: ["R"], press: ({ studio }) => studio.regions.roll() },
  { id: "live.toggle", chords: ["Ctrl+Enter"], inFields: true, press: ({ studio }) => studio.setLive(!studio.isLive) },
  { id: "live.masks", chords: ["\\"], press: ({ studio }) => (studio.peek = "masks"), release: ({ studio }) => (studio.peek = "none") },
  { id: "live.result", chords: ["`"], press: ({ studio }) => (studio.peek = "result"), release: ({ studio }) => (studio.peek = "none") },
  { id: "live.keep", chords: ["P"], press: ({ studio }) => studio.live.gallery.keep() },
  { id: "live.compare", chords: ["A"], press: ({ studio }) => hold(studio), release: ({ studio }) => (studio.live.compare.isHeld = false) },
  { id: "live.split", chords: ["Shift+A"], press: ({ studio }) => toggleSplit(studio) },
  { id: "live.history", chords: ["H"], press: ({ studio: { live } }) => (live.gallery.isOpen = !live.gallery.isOpen) },
  { id: "live.flow", chords: ["F"], press: ({ studio }) => studio.live.flow.toggle() },
  { id: "live.render", chords: ["Shift+Enter"], inFields: true, press: () => panels.toggle("renders") },
  { id: "live.film", chords: [], press: () => (panels.dialog = "film") },
  { id: "live.hud", chords: ["I"], press: ({ studio: { live } }) => (live.isHudOpen = !live.isHudOpen) },
];

function hold({ live: { compare } }: Studio): void {
  compare.isHeld = true;
  if (!compare.other) notices.tell(t("compare.none"));
}

export function toggleSplit({ live: { compare } }: Studio): void {
  compare.isSplit = !compare.isSplit && compare.other !== null;
  if (!compare.other) notices.tell(t("compare.none"));
}
