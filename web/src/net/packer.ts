/** Painted pixels made small for the way to the server; large ones beside the main thread, so that no stroke waits for it. */

import { deflate } from "../document/scene";

/** Up to so many pixels a worker costs more than it saves. */
const SMALL_PX = 16_384;

/** What the worker is asked and what it answers, by the number of the question. */
export interface Parcel {
  readonly number: number;
  readonly pixels: readonly Uint8Array<ArrayBuffer>[];
}

type Packed = readonly Uint8Array[];

export class Packer {
  #worker: Worker | null | undefined;
  #number = 0;
  readonly #waiting = new Map<number, { pixels: Packed; done: (packed: Packed) => void }>();

  /** At once where that is quick, or when the worker is done. */
  pack(pixels: readonly Uint8Array<ArrayBuffer>[]): Packed | Promise<Packed> {
    const total = pixels.reduce((sum, { length }) => sum + length, 0);
    const worker = total > SMALL_PX ? this.#start() : null;
    if (!worker) return pixels.map(deflate);
    const number = this.#number++;
    return new Promise((done) => {
      this.#waiting.set(number, { pixels, done });
      worker.postMessage({ number, pixels } satisfies Parcel);
    });
  }

  #start(): Worker | null {
    if (this.#worker !== undefined) return this.#worker;
    if (typeof Worker === "undefined") return (this.#worker = null);
    const worker = new Worker(new URL("./packing.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Parcel>) => this.#answered(data.number, data.pixels);
    worker.onerror = () => this.#failed();
    return (this.#worker = worker);
  }

  #answered(number: number, packed: Packed): void {
    this.#waiting.get(number)?.done(packed);
    this.#waiting.delete(number);
  }

  /** Without a worker it goes slower, and it goes. */
  #failed(): void {
    this.#worker = null;
    for (const [number, { pixels }] of [...this.#waiting]) this.#answered(number, pixels.map(deflate));
  }
}
