/** The picture as it comes and what was there before: all that watches finished pictures. */

import { untrack } from "svelte";
import { messageOf } from "../assert";
import { notices } from "../notices.svelte";
import type { Studio } from "../studio.svelte";
import type { FrameMessage } from "../wire.gen";
import { t } from "../words";
import { Compare } from "./compare.svelte";
import { Flow } from "./flow.svelte";
import { Gallery } from "./gallery.svelte";
import { Meter } from "./meter";
import { Recorder } from "./recorder.svelte";
import { Renders } from "./renders.svelte";

/** A picture that takes longer pauses the page, until the painter goes on. */
const TOO_SLOW_MS = 45_000;

export class Live {
  readonly gallery: Gallery;
  readonly compare: Compare;
  readonly flow: Flow;
  readonly renders: Renders;
  readonly recorder = new Recorder();
  readonly meter = new Meter();
  isHudOpen = $state(false);
  /** Why the page has paused by itself. */
  paused = $state.raw<string | null>(null);
  readonly #studio: Studio;
  #isStarted = false;
  #lastRevision = -1;
  /** The size at which the painter has said that they would wait. */
  #accepted = "";

  constructor(studio: Studio) {
    this.#studio = studio;
    this.gallery = new Gallery(studio);
    this.compare = new Compare(this.gallery);
    this.flow = new Flow(studio);
    this.renders = new Renders(studio);
    $effect.root(() => {
      $effect(() => {
        const { isCurrent, frame } = studio;
        if (isCurrent && frame) untrack(() => this.#settled(frame));
      });
      $effect(() => void (this.recorder.isWriter = studio.saving.state !== "beside"));
      $effect(() => {
        if (!studio.isHidden && this.#isStarted) void this.gallery.load().catch(() => undefined);
      });
    });
  }

  async start(): Promise<void> {
    this.#isStarted = true;
    this.renders.resume();
    try {
      await Promise.all([this.gallery.load(), this.recorder.load()]);
    } catch (error) {
      notices.tell(`${t("history.unsaved")}: ${messageOf(error)}`, { tone: "bad" });
    }
  }

  shown(frame: FrameMessage): void {
    this.meter.shown(performance.now());
    if (frame.settled && frame.timings.total_ms > TOO_SLOW_MS) this.#pauseIfTooSlow(frame);
  }

  /** The painter has said so: pictures come again, however long they take. */
  goOn(): void {
    if (this.paused !== null) this.#accepted = String(this.#studio.frame?.extent);
    this.paused = null;
    if (this.flow.isOn) this.flow.tell();
  }

  /** Another document is about to take the place of this one, whose last picture keeps itself. */
  beforeOpening(): void {
    if (this.flow.isOn) this.flow.stop();
    this.gallery.keepItself();
  }

  /** A finished picture of everything that is painted is on the screen. */
  #settled(frame: FrameMessage): void {
    if (!this.#studio.facts || !this.#studio.compare()) return;
    const { jpeg, extent, revision } = frame;
    const isEdit = revision !== this.#lastRevision;
    this.gallery.settled({ jpeg, extent, scene: this.#studio.sceneShown() }, isEdit && this.#lastRevision >= 0);
    if (isEdit) this.recorder.add(new Uint8Array(jpeg));
    this.#lastRevision = revision;
  }

  #pauseIfTooSlow({ extent, timings }: FrameMessage): void {
    if (this.#accepted === String(extent) || !this.#studio.isLive) return;
    this.#studio.setLive(false);
    this.paused = t("status.slow", { seconds: Math.round(timings.total_ms / 1000), size: extent.join(" × ") });
  }
}
