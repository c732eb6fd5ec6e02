/** The picture as it comes. */

import type { Action } from "./action";

export const liveActions: readonly Action[] = [
  { id: "live.dice", chords: ["R"], press: ({ studio }) => studio.edits.rollSeed() },
  { id: "live.toggle", chords: ["Ctrl+Enter"], inFields: true, press: ({ studio }) => studio.setLive(!studio.isLive) },
  { id: "live.masks", chords: ["\\"], press: ({ studio }) => (studio.peek = "masks"), release: ({ studio }) => (studio.peek = "none") },
  { id: "live.result", chords: ["`"], press: ({ studio }) => (studio.peek = "result"), release: ({ studio }) => (studio.peek = "none") },
];
