/** Orders for pictures in the background, over HTTP: so they outlive a lost socket, and a reload. */

import { encode as pack } from "@msgpack/msgpack";
import type { Extent, Scene } from "../wire.gen";
import { decodeScene } from "./codec";
import { ask, post } from "./http";

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

export async function order(wanted: Order): Promise<Progress> {
  return (await post("renders", pack(wanted, { ignoreUndefined: true }))).json() as Promise<Progress>;
}

export async function progressOf(id: string): Promise<Progress> {
  return (await ask(`renders/${id}`)).json() as Promise<Progress>;
}

/** Paint no more of it; what is finished stays. */
export async function cancel(id: string): Promise<void> {
  await ask(`renders/${id}/cancel`, { method: "POST" });
}

/** Let it go, with its pictures. */
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
  return (await post("timelapse.webp", pack({ frames, frame_ms }))).blob();
}
