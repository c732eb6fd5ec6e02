import { decode as unpack, encode as pack } from "@msgpack/msgpack";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { decode } from "../src/net/codec";
import { MaskCanvas } from "../src/canvas/mask";
import type { Parcel } from "../src/net/packer";
import { Session } from "../src/net/session";
import type { ClientMessage, ServerMessage, Welcome } from "../src/wire.gen";
import golden from "./golden.json";

const GREETING = decode(Uint8Array.from(atob(golden.down[0] as string), (char) => char.charCodeAt(0)).buffer) as Welcome;
const TOO_LARGE = "the canvas is too large";

/** A server that says only what a test has it say. */
class Wire {
  static last: Wire;
  readonly bufferedAmount = 0;
  readonly sent: ClientMessage[] = [];
  onopen: () => void = () => undefined;
  onmessage: (event: { data: ArrayBuffer }) => void = () => undefined;

  constructor() {
    Wire.last = this;
  }

  send(bytes: Uint8Array): void {
    this.sent.push(unpack(bytes) as ClientMessage);
  }

  say(message: ServerMessage): void {
    this.onmessage({ data: Uint8Array.from(pack(message)).buffer });
  }

  /** What was sent since the last look. */
  heard(): string[] {
    return this.sent.splice(0).map((message) => (message.kind === "edit" ? message.command.kind : message.kind));
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("window", new EventTarget());
  vi.stubGlobal("WebSocket", Wire);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function greeted(): { session: Session; wire: Wire; reasons: (string | null)[] } {
  const reasons: (string | null)[] = [];
  const session = new Session("ws://test", {
    scene: () => GREETING.scene, masks: () => new Map(), linkChanged: () => undefined, welcome: () => undefined,
    frame: () => undefined, status: () => undefined, modelChanged: () => undefined, refused: () => undefined,
    acknowledged: () => undefined, outOfStep: (reason) => void reasons.push(reason),
  });
  session.connect();
  const wire = Wire.last;
  wire.onopen();
  wire.say(GREETING);
  wire.heard();
  return { session, wire, reasons };
}

const refused = (seq: number): ServerMessage => ({ kind: "refused", reason: TOO_LARGE, seq, revision: 3 });

test("a refused edit sends the whole scene, once; refused as well, both are out of step until one is taken", () => {
  const { session, wire, reasons } = greeted();
  session.edit([{ kind: "set_seed", seed: 5 }]);
  session.tick(10_000);
  expect(wire.heard()).toEqual(["set_seed"]);
  wire.say(refused(1));
  session.tick(11_000);
  expect(wire.heard()).toEqual(["replace_scene"]);
  expect(reasons).toEqual([]);
  wire.say(refused(2));
  session.tick(12_000);
  expect(wire.heard()).toEqual([]);
  expect(reasons).toEqual([TOO_LARGE]);
  expect(session.isSynchronous).toBe(false);

  session.edit([{ kind: "set_seed", seed: 6 }, { kind: "set_seed", seed: 7 }]);
  session.tick(12_500);
  expect(wire.heard(), "not in a hurry").toEqual([]);
  session.tick(14_000);
  expect(wire.heard(), "no edit of a scene that is not there").toEqual(["replace_scene"]);
  wire.say({ kind: "applied", seq: 3, revision: 4 });
  expect(reasons).toEqual([TOO_LARGE, null]);
  expect(session.isSynchronous).toBe(true);
});

test("what was on its way when the scene was refused does not bring both into step", () => {
  const { session, wire, reasons } = greeted();
  session.edit([{ kind: "replace_scene", scene: GREETING.scene! }]);
  session.edit([{ kind: "set_seed", seed: 6 }]);
  session.tick(10_000);
  expect(wire.heard()).toEqual(["replace_scene", "set_seed"]);
  wire.say(refused(1));
  wire.say({ kind: "applied", seq: 2, revision: 4 });
  expect(reasons).toEqual([TOO_LARGE]);
  expect(session.isSynchronous).toBe(false);
});

test("large strokes are made small beside the page, in order, and dropped with the link they were for", async () => {
  const packed: { answer: () => void }[] = [];
  class Bench {
    onmessage: (event: { data: Parcel }) => void = () => undefined;
    #asked: Parcel[] = [];
    constructor() {
      packed.push({ answer: () => this.#asked.splice(0).forEach((data) => this.onmessage({ data })) });
    }
    postMessage(data: Parcel): void {
      this.#asked.push(data);
    }
  }
  vi.stubGlobal("Worker", Bench);
  const mask = new MaskCanvas(256, 256);
  const session = new Session("ws://test", {
    scene: () => GREETING.scene, masks: () => new Map([["b1", mask]]), linkChanged: () => undefined, welcome: () => undefined,
    frame: () => undefined, status: () => undefined, modelChanged: () => undefined, refused: () => undefined,
    acknowledged: () => undefined, outOfStep: () => undefined,
  });
  session.connect();
  const wire = Wire.last;
  wire.onopen();
  wire.say(GREETING);
  wire.heard();
  mask.touch(mask.bounds);
  session.tick(1000);
  session.edit([{ kind: "remove_brush", brush_id: "b1" }]);
  expect(session.tick(2000)).toBe(true);
  expect([wire.heard(), session.isSynchronous]).toEqual([[], false]);
  packed[0]?.answer();
  await Promise.resolve();
  session.tick(3000);
  expect(wire.heard()).toEqual(["paint_mask", "remove_brush"]);
});
