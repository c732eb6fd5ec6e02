/** Endless variation: the picture drifts on its own, and stays where it is when it is stopped. */

import type { Studio } from "../studio.svelte";
import { t } from "../words";

const SLOWEST = 1 / 128;
const FASTEST = 0.5;

/** Frames per picture for a position of the slider, 0 to 1; a multiple of 1/256, so that it is the same in any notation. */
export function speedOf(position: number): number {
  return Math.max(1, Math.round(256 * SLOWEST * (FASTEST / SLOWEST) ** position)) / 256;
}

export class Flow {
  isOn = $state(false);
  /** Of the slider, 0 to 1. */
  position = $state(0.45);
  readonly #studio: Studio;

  constructor(studio: Studio) {
    this.#studio = studio;
  }


  toggle(): void {
    if (this.isOn) this.stop();
    else this.start();
  }

  start(): void {
    this.isOn = true;
    if (!this.#studio.isLive) this.#studio.setLive(true);
    this.tell();
  }

  /** The frame that is shown is where the scene stands from now on, as one step that can be undone. */
  stop(): void {
    this.isOn = false;
    this.adopt();
    this.tell();
  }

  setPosition(position: number): void {
    this.position = position;
    if (this.isOn) this.tell();
  }

  /** Also after a new greeting, and to wake a flow that rests. */
  tell(): void {
    this.#studio.session.setFlow(this.isOn ? speedOf(this.position) : 0);
  }

  adopt(): void {
    const { frame, facts } = this.#studio;
    if (!frame || !facts || !frame.settled || frame.frame === facts.frame) return;
    this.#studio.run({ label: t("live.flow") }, [{ kind: "set_frame", frame: frame.frame }]);
  }
}
