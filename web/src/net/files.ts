/** Project files and pictures: made and read by the server, kept by the browser's download. */

import type { Scene } from "../wire.gen";
import { t } from "../words";
import { decodeScene, encode } from "./codec";
import { post } from "./http";

/** Endings of files that hold the finished picture and its scene. */
export const PICTURE_ENDINGS = ["png", "webp", "jpg", "ora", "psd"] as const;
export type PictureEnding = (typeof PICTURE_ENDINGS)[number];

export async function projectOf(scene: Scene): Promise<Blob> {
  return (await post("project/save", encode(scene))).blob();
}

export async function sceneOf(file: Blob): Promise<Scene> {
  const response = await post("project/open", file, "application/octet-stream");
  return decodeScene(await response.arrayBuffer());
}

/** Whether a picture seems to have been saved here: then the server can read its scene. */
export async function carriesScene(file: Blob): Promise<boolean> {
  return new TextDecoder("latin1").decode(await file.arrayBuffer()).includes("semdraw\0");
}

export function download(blob: Blob, extension: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `semdraw-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.${extension}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Ask for one file; null when the painter thinks better of it. */
export function chooseFile(accept: string): Promise<File | null> {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = accept;
  return new Promise((resolve) => {
    input.onchange = () => resolve(input.files?.[0] ?? null);
    input.oncancel = () => resolve(null);
    input.click();
  });
}

/** A picture cut to cover the canvas, as PNG: the background travels and undoes at the size that counts. */
export async function coveringPng(file: Blob, width: number, height: number): Promise<Uint8Array> {
  const bitmap = await createImageBitmap(file);
  const scale = Math.max(width / bitmap.width, height / bitmap.height);
  return placedPng(bitmap, { width, height }, { scale, ground: null });
}

/** A picture in the middle of a canvas, at a scale, over a ground where it does not reach; null: clear. */
export async function placedPng(
  bitmap: ImageBitmap, { width, height }: { width: number; height: number }, { scale, ground }: { scale: number; ground: string | null },
): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) throw new Error(t("page.no_canvas"));
  if (ground) {
    context.fillStyle = ground;
    context.fillRect(0, 0, width, height);
  }
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h);
  bitmap.close();
  return new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
}
