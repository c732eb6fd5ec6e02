/** Orders for pictures in the background, over HTTP: so they outlive a lost socket, and a reload. */

import { encode as pack } from "@msgpack/msgpack";
import type { Extent, Scene } from "../wire.gen";
import { decodeScene } from "./codec";
import { reasonOf } from "./files";

export interface Order {
  readonly scene: Scene;
  readonly num_steps?: number;
  readonly scale?: number;
  readonly seeds?: readonly number[];
}

export type RenderState = "waiting" | "painting" | "done" | "failed" | "cancelled";

export interface Progress {
  readonly id: string;
  readonly state: RenderState;
  readonly reason: string;
  readonly extent: Extent;
  readonly pictures: number;
  readonly finished: number;
  readonly step: number;
  readonly num_steps: number;
}

/** The server does not know the order any more. */
export class GoneError extends Error {}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(new URL(`api/${path}`, document.baseURI), init);
  if (response.status === 404) throw new GoneError(await reasonOf(response));
  if (!response.ok) throw new Error(await reasonOf(response));
  return response;
}

export async function order(wanted: Order): Promise<Progress> {
  const body = pack(wanted, { ignoreUndefined: true });
  return (await ask("renders", { method: "POST", body, headers: { "Content-Type": "application/msgpack" } })).json() as Promise<Progress>;
}

export async function progressOf(id: string): Promise<Progress> {
  return (await ask(`renders/${id}`)).json() as Promise<Progress>;
}

/** Cancel it, or let its pictures go. */
export async function forget(id: string): Promise<void> {
  await ask(`renders/${id}`, { method: "DELETE" });
}

export async function finishedPicture(id: string, number: number, ending: string): Promise<Blob> {
  return (await ask(`renders/${id}/${number}.${ending}`)).blob();
}

export async function finishedScene(id: string, number: number): Promise<Scene> {
  return decodeScene(await (await ask(`renders/${id}/${number}.scene`)).arrayBuffer());
}

/** A moving picture of stills, as animated WebP: browsers everywhere play it, and the server makes it for all of them alike. */
export async function movingPicture(frames: readonly Uint8Array[], frame_ms: number): Promise<Blob> {
  const body = pack({ frames, frame_ms });
  return (await ask("timelapse.webp", { method: "POST", body, headers: { "Content-Type": "application/msgpack" } })).blob();
}
