/** Masks as pictures: white is painted. */

import type { MaskCanvas } from "../canvas/mask";
import type { Extent } from "../wire.gen";
import { t } from "../words";

/** Red, green and blue of one brightness, and full opacity, in the order of bytes that browsers' machines have. */
const [GREY, OPAQUE] = [0x010101, 0xff000000];

export async function maskPng({ alpha, width, height }: MaskCanvas): Promise<Uint8Array> {
  const pixels = new ImageData(width, height);
  const words = new Uint32Array(pixels.data.buffer);
  for (let index = 0; index < alpha.length; index++) words[index] = GREY * (alpha[index] as number) + OPAQUE;
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  return new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
}

/** A picture as a mask of this size: how bright it is, or how opaque where it has holes. */
export async function maskFrom(file: Blob, [width, height]: Extent): Promise<Uint8Array> {
  const bitmap = await createImageBitmap(file, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error(t("page.no_canvas"));
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return alphaOf(context.getImageData(0, 0, width, height).data);
}

export function alphaOf(rgba: Uint8ClampedArray): Uint8Array {
  const out = new Uint8Array(rgba.length / 4);
  let hasHoles = false;
  for (let index = 0; index < out.length; index++) {
    const at = 4 * index;
    if (rgba[at + 3] !== 255) hasHoles = true;
    out[index] = Math.round(0.299 * (rgba[at] as number) + 0.587 * (rgba[at + 1] as number) + 0.114 * (rgba[at + 2] as number));
  }
  return hasHoles ? out.map((_, index) => rgba[4 * index + 3] as number) : out;
}
