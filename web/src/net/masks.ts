/** Masks as pictures: white is painted. */

import type { MaskCanvas } from "../canvas/mask";
import type { Extent } from "../wire.gen";

export async function maskPng({ alpha, width, height }: MaskCanvas): Promise<Uint8Array> {
  const pixels = new ImageData(width, height);
  for (let index = 0; index < alpha.length; index++) {
    const value = alpha[index] as number;
    pixels.data.set([value, value, value, 255], 4 * index);
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  return new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
}

/** A picture as a mask of this size: how bright it is, or how opaque where it has holes. */
export async function maskFrom(file: Blob, [width, height]: Extent): Promise<Uint8Array> {
  const bitmap = await createImageBitmap(file, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser has no canvas");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return alphaOf(context.getImageData(0, 0, width, height).data);
}

export function alphaOf(rgba: Uint8ClampedArray): Uint8Array {
  const out = new Uint8Array(rgba.length / 4);
  const hasHoles = out.some((_, index) => rgba[4 * index + 3] !== 255);
  for (let index = 0; index < out.length; index++) {
    const [red, green, blue, alpha] = rgba.subarray(4 * index, 4 * index + 4) as unknown as [number, number, number, number];
    out[index] = hasHoles ? alpha : Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  }
  return out;
}
