/** Drawing that takes long is done less often, so that the pen stays quick: at most a third of the time goes into it. */

const SHARE = 3;
/** What is quicker than this is drawn in every frame. */
const QUICK_MS = 5;

export class Pace {
  #due_ms = 0;

  get isDue(): boolean {
    return performance.now() >= this.#due_ms;
  }

  run(draw: () => void): void {
    const started_ms = performance.now();
    draw();
    const now_ms = performance.now();
    const took_ms = now_ms - started_ms;
    this.#due_ms = took_ms < QUICK_MS ? now_ms : now_ms + (SHARE - 1) * took_ms;
  }
}
