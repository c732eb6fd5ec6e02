/** What the server tells of one region: the pixels that its padlock keeps, and why it shows or does not. */

import { decode as unpack } from "@msgpack/msgpack";
import type { Frozen, Inspection, Scene } from "../wire.gen";
import { encode } from "./codec";
import { post } from "./http";

/** The pixels of the settled picture that show of a region; null where none do. */
export async function frozenOf(scene: Scene, brushId: string): Promise<Frozen | null> {
  return (await asked("freeze", scene, brushId)) as Frozen | null;
}

/** What of a region takes part in each step. */
export async function inspectionOf(scene: Scene, brushId: string): Promise<Inspection> {
  return (await asked("inspect", scene, brushId)) as Inspection;
}

async function asked(what: "freeze" | "inspect", scene: Scene, brushId: string): Promise<unknown> {
  const response = await post(`regions/${what}?brush=${encodeURIComponent(brushId)}`, encode(scene));
  return unpack(await response.arrayBuffer());
}
