/** Fill: from a tap as far as other paint, or another colour of the picture, bars the way. */

import type { Cover } from "../canvas/cover";
import { type Field, flood } from "../canvas/flood";
import type { Guide } from "../canvas/guides";
import type { MaskCanvas } from "../canvas/mask";
import type { Sample } from "../canvas/stamp";
import type { Held, Paper, Tool } from "./tool";

/** What bars the way: paint of this brush, paint of any brush, colours of the picture, or nothing. */
export const BOUNDS = ["own", "paint", "picture", "nothing"] as const;
export type FillBounds = (typeof BOUNDS)[number];

export interface FillSettings {
  readonly bounds: FillBounds;
  /** 0 to 1: how faint paint, or how small a change of colour, lets the fill through. */
  readonly tolerance: number;
  /** Gaps up to this wide let nothing through, in document pixels. */
  readonly gap_px: number;
}

/** What the fill may look at. */
export interface FillSources {
  /** Masks that are seen, bottom first; of `own` the chosen one alone. */
  masks(bounds: FillBounds): readonly MaskCanvas[];
  pixels(): ImageData | null;
}

export class Fill implements Tool {
  readonly isBusy = false;
  readonly #paper: Paper;
  readonly #sources: FillSources;
  readonly #settings: () => FillSettings;

  constructor(paper: Paper, sources: FillSources, settings: () => FillSettings) {
    this.#paper = paper;
    this.#sources = sources;
    this.#settings = settings;
  }

  begin(at: Sample, held: Held): void {
    const cover = this.#cover(Math.floor(at.x), Math.floor(at.y));
    const work = cover && this.#paper.work();
    if (!work) return;
    const { opacity, erases } = this.#paper.tip(held);
    work.fill(cover, opacity, erases);
    this.#paper.commit("did.fill", work);
  }

  move(): void {}
  end(): void {}
  finish(): void {}
  cancel(): void {}

  guides(): readonly Guide[] {
    return [];
  }

  #cover(x: number, y: number): Cover | null {
    const { width, height } = this.#paper;
    if (x < 0 || y < 0 || x >= width || y >= height) return null;
    const { bounds, tolerance, gap_px } = this.#settings();
    if (bounds === "nothing") return { rect: { x: 0, y: 0, width, height }, alpha: new Uint8Array(width * height).fill(255) };
    const pixels = bounds === "picture" ? this.#sources.pixels() : null;
    if (pixels && pixels.width === width && pixels.height === height) return flood(ofColours(pixels, x, y, tolerance), x, y, gap_px);
    return flood(ofPaint(this.#sources.masks(bounds), width, height, { x, y, tolerance }), x, y, gap_px);
  }
}

interface From {
  readonly x: number;
  readonly y: number;
  readonly tolerance: number;
}

/** Barred is where another brush lies on top than where the fill begins, or none. */
export function ofPaint(masks: readonly MaskCanvas[], width: number, height: number, { x, y, tolerance }: From): Field {
  const least = 255 * tolerance;
  const top = new Uint8Array(width * height);
  masks.forEach(({ alpha }, index) => {
    for (let at = 0; at < top.length; at++) if ((alpha[at] as number) > least) top[at] = index + 1;
  });
  const mine = top[y * width + x] as number;
  for (let at = 0; at < top.length; at++) top[at] = top[at] === mine ? 0 : 1;
  return { width, height, barred: top };
}

/** Barred is where the picture's colour is further from that of the beginning than `tolerance` of the whole range. */
export function ofColours({ data, width, height }: Pick<ImageData, "data" | "width" | "height">, x: number, y: number, tolerance: number): Field {
  const barred = new Uint8Array(width * height);
  const start = 4 * (y * width + x);
  const [red, green, blue] = [data[start] as number, data[start + 1] as number, data[start + 2] as number];
  for (let at = 0, byte = 0; at < barred.length; at++, byte += 4) {
    const far = Math.max(Math.abs((data[byte] as number) - red), Math.abs((data[byte + 1] as number) - green), Math.abs((data[byte + 2] as number) - blue));
    barred[at] = far > 255 * tolerance ? 1 : 0;
  }
  return { width, height, barred };
}
