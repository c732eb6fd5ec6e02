/** Messages to bytes and back. */

import { decode as unpack, encode as pack } from "@msgpack/msgpack";
import type { ClientMessage, Scene, ServerMessage } from "../wire.gen";

export function encode(message: ClientMessage | Scene): Uint8Array<ArrayBuffer> {
  return pack(message, { ignoreUndefined: true });
}

export function decode(bytes: ArrayBuffer): ServerMessage {
  return unpack(bytes) as ServerMessage;
}

export function decodeScene(bytes: ArrayBuffer | Uint8Array): Scene {
  return unpack(bytes) as Scene;
}
