/** `window.semdraw`: what the page holds and shows, to read only. Browser tests look here instead of guessing. */

import type { Easel } from "./easel";
import { encode } from "./net/codec";
import type { Connection } from "./net/connection";
import type { LatencyRecord } from "./net/latency";
import type { Studio } from "./studio.svelte";
import type { FrameMessage, Scene } from "./wire.gen";

export interface View {
  /** The newest revision that the server has acknowledged. */
  readonly revision: number;
  /** The picture that is shown is the settled one of everything painted here. */
  readonly isCurrent: boolean;
  readonly frame: Omit<FrameMessage, "jpeg"> | null;
  /** Bytes of the shown frame as they came. */
  readonly jpeg: Uint8Array | null;
  readonly latency: readonly LatencyRecord[];
  /** From a move of the pen to its stroke on the screen, newest last. */
  readonly echo_ms: readonly number[];
  /** How long the frames worked that drew strokes, newest last. */
  readonly work_ms: readonly number[];
  /** Pixels that tools have looked at and that were drawn over the picture, since the page was opened. */
  readonly effort: Easel["effort"];
  readonly traffic: Readonly<Connection["traffic"]>;
  readonly status: string;
  readonly scene: Scene | null;
  /** The scene as it goes over the wire; equal scenes have equal bytes. */
  readonly sceneBytes: Uint8Array | null;
  pixels(): ImageData | null;
}

declare global {
  interface Window {
    semdraw?: View;
  }
}

export function expose(studio: Studio, easel: Easel): void {
  window.semdraw = Object.freeze({
    get revision() { return studio.session.revision; },
    get isCurrent() { return easel.isIdle && studio.compare(); },
    get frame() {
      if (!studio.frame) return null;
      const { jpeg: _, ...facts } = studio.frame;
      return facts;
    },
    get jpeg() { return studio.frame?.jpeg ?? null; },
    get work_ms() { return easel.work_ms; },
    get echo_ms() { return easel.echo_ms; },
    get effort() { return easel.effort; },
    get traffic() { return studio.session.traffic; },
    get latency() { return studio.session.latency.records; },
    get status() { return studio.status.text; },
    get scene() { return studio.facts ? studio.scene() : null; },
    get sceneBytes() { return studio.facts ? encode(studio.scene()) : null; },
    pixels: () => easel.pixels(),
  });
}
