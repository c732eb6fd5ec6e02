/** The conversation with the server: greeting, numbered edits, acknowledgements, and what is still under way. */

import { assertNever } from "../assert";
import type { Masks } from "../document/document";
import {
  type ClientMessage, type Command, type FrameMessage, MAX_MESSAGE_BYTES, type ModelFacts, type Scene, type Status, VERSION, type Welcome,
} from "../wire.gen";
import { t } from "../words";
import { decode, encode } from "./codec";
import { Connection, type Link } from "./connection";
import { Latency } from "./latency";
import { Outgoing, type Painted, takePainted } from "./outgoing";
import { Packer } from "./packer";

export interface SessionListener {
  /** The whole document, or null while there is none; masks are asked for only when there is one. */
  scene(): Scene | null;
  masks(): Masks;
  linkChanged(link: Link): void;
  welcome(message: Welcome): void;
  frame(message: FrameMessage): void;
  status(message: Status): void;
  modelChanged(model: ModelFacts): void;
  /** Why the server refuses the whole scene; null once it has taken one. */
  outOfStep(reason: string | null): void;
  refused(reason: string): void;
  acknowledged(): void;
}

const SEND_EVERY_MS = 33;
const CLOGGED_BYTES = 256 * 1024;
/** Between offers of a scene that was refused: whoever is refused too often is sent away. */
const OFFER_EVERY_MS = 2_000;
const SILENT_MS = 12_000;
/** Pictures a second at most; slower devices make fewer. */
const FLOW_PER_S = 12;

export class Session {
  readonly latency = new Latency();
  readonly #listener: SessionListener;
  readonly #connection: Connection;
  readonly #outgoing = new Outgoing();
  readonly #unacknowledged = new Map<number, { sent_ms: number; isWhole: boolean }>();
  readonly #packer = new Packer();
  /** Painted rectangles that are under way to be sent. */
  #parcel: object | null = null;
  #isReady = false;
  /** The server has refused the whole scene: until it takes one, no edit of it makes sense there. */
  #isOutOfStep = false;
  #isLive = true;
  #flow = 0;
  #seq = 0;
  #revision = 0;
  #lastSend_ms = 0;
  #strokeEnd_ms: number | null = null;

  constructor(url: string, listener: SessionListener) {
    this.#listener = listener;
    this.#connection = new Connection(url, {
      linkChanged: (link) => this.#linkChanged(link),
      received: (data) => this.#received(data),
    });
    setInterval(() => this.#dropIfSilent(), 2_000);
  }

  /** The newest revision that the server has told. */
  get revision(): number {
    return this.#revision;
  }

  /** Everything that was painted here is part of the server's scene. */
  get isSynchronous(): boolean {
    return this.#isReady && !this.#isOutOfStep && !this.#hasUnsent && this.#unacknowledged.size === 0;
  }

  get #hasUnsent(): boolean {
    return this.#parcel !== null || !this.#outgoing.isEmpty || [...this.#listener.masks().values()].some((mask) => !mask.unsent.isEmpty);
  }

  get traffic(): Connection["traffic"] {
    return this.#connection.traffic;
  }

  connect(): void {
    this.#connection.connect();
  }

  retryNow(): void {
    this.#connection.retryNow();
  }

  edit(commands: readonly Command[]): void {
    for (const command of commands) this.#outgoing.add(command, performance.now());
  }

  setLive(live: boolean): void {
    if (live === this.#isLive) return;
    this.#isLive = live;
    if (this.#isReady) this.#send({ kind: "set_live", live });
  }

  /** Endless variation, so many frames from one picture to the next; 0 ends it. */
  setFlow(speed: number): void {
    this.#flow = speed;
    if (this.#isReady) this.#send({ kind: "set_flow", speed, per_s: FLOW_PER_S });
  }

  /** Ask for another model, which then paints for everybody; a refusal says why it does not. */
  switchModel(name: string): void {
    if (this.#isReady) this.#send({ kind: "switch_model", model: name });
  }

  shown(frame: FrameMessage): void {
    if (this.#isReady) this.#send({ kind: "shown", number: frame.number });
    this.latency.shown(frame.revision, frame.settled, performance.now());
  }

  /** Measure from now on until the picture shows what was painted so far. */
  strokeEnded(): void {
    this.#strokeEnd_ms = performance.now();
  }

  /** Send what is due; true while something waits for its time. */
  tick(now_ms: number): boolean {
    if (!this.#isReady) return false;
    const every_ms = this.#isOutOfStep ? OFFER_EVERY_MS : SEND_EVERY_MS;
    const isTooSoon = this.#parcel !== null || now_ms - this.#lastSend_ms < every_ms || this.#connection.bufferedBytes > CLOGGED_BYTES;
    if (!isTooSoon) this.#flush(now_ms);
    this.#measure();
    return this.#hasUnsent;
  }

  #flush(now_ms: number): void {
    const commands: Command[] = this.#outgoing.isDue(now_ms) ? this.#outgoing.take() : [];
    const painted = this.#outgoing.isEmpty ? takePainted(this.#listener.masks()) : [];
    const scene = this.#isOutOfStep && commands.length + painted.length > 0 ? this.#listener.scene() : null;
    if (scene) return this.#sendEdit({ kind: "replace_scene", scene }, now_ms);
    for (const command of commands) this.#sendEdit(command, now_ms);
    if (painted.length > 0) this.#sendPainted(painted, now_ms);
  }

  /** Large rectangles are made small beside the page; until they have gone, nothing else goes. */
  #sendPainted(painted: readonly Painted[], now_ms: number): void {
    const send = (packed: readonly Uint8Array[]): void =>
      painted.forEach(({ command }, index) => this.#sendEdit({ ...command, alpha: packed[index] as Uint8Array }, now_ms));
    const packed = this.#packer.pack(painted.map(({ pixels }) => pixels));
    if (!(packed instanceof Promise)) return send(packed);
    const parcel = (this.#parcel = {});
    this.#lastSend_ms = now_ms;
    void packed.then((done) => {
      if (this.#parcel !== parcel) return; // of a link that is gone: the whole document went up since
      this.#parcel = null;
      send(done);
      this.#listener.acknowledged();
    });
  }

  /** The last edit that was sent is the one to wait for. */
  #measure(): void {
    if (this.#strokeEnd_ms === null || this.#hasUnsent) return;
    this.latency.begin(this.#seq, this.#strokeEnd_ms);
    this.#strokeEnd_ms = null;
  }

  #sendEdit(command: Command, now_ms: number): void {
    this.#seq++;
    this.#unacknowledged.set(this.#seq, { sent_ms: now_ms, isWhole: command.kind === "replace_scene" });
    this.#send({ kind: "edit", seq: this.#seq, command });
    this.#lastSend_ms = now_ms;
  }

  #linkChanged(link: Link): void {
    this.#isReady = false;
    this.#parcel = null;
    this.#unacknowledged.clear();
    this.latency.reset();
    this.#strokeEnd_ms = null;
    if (link.state === "open") this.#greet();
    this.#listener.linkChanged(link);
  }

  /** The document goes up whole, so nothing that waited has to go up again. */
  #greet(): void {
    const scene = this.#listener.scene();
    this.#outgoing.take();
    if (scene) for (const mask of this.#listener.masks().values()) mask.unsent.take();
    this.#send({ kind: "hello", version: VERSION, scene });
  }

  /** What the server could not read is not sent: it would close the connection, again and again. */
  #send(message: ClientMessage): void {
    const bytes = encode(message);
    if (bytes.byteLength <= MAX_MESSAGE_BYTES) return this.#connection.send(bytes);
    this.#connection.hangUp(t("net.too_large", { size: mebi(bytes.byteLength), most: mebi(MAX_MESSAGE_BYTES) }));
  }

  #received(data: ArrayBuffer): void {
    const message = decode(data);
    switch (message.kind) {
      case "welcome": return this.#welcome(message);
      case "frame": return this.#listener.frame(message);
      case "status": return this.#listener.status(message);
      case "model_changed": return this.#listener.modelChanged(message.model);
      case "applied": return this.#applied(message.seq, message.revision);
      case "refused": return this.#refused(message.seq, message.reason);
      default: return assertNever(message);
    }
  }

  #welcome(message: Welcome): void {
    this.#isReady = true;
    this.#revision = message.revision;
    this.#setOutOfStep(null);
    this.#connection.settled();
    this.#listener.welcome(message);
    if (!this.#isLive) this.#send({ kind: "set_live", live: false });
    if (this.#flow > 0) this.setFlow(this.#flow);
  }

  #applied(seq: number, revision: number): void {
    for (const [sent, { isWhole }] of this.#unacknowledged) {
      if (sent > seq) continue;
      this.#unacknowledged.delete(sent);
      if (isWhole) this.#setOutOfStep(null);
    }
    this.#revision = revision;
    this.latency.applied(seq, revision);
    this.#listener.acknowledged();
  }

  /** After a refused edit both sides differ: the whole document goes up, once. */
  #refused(seq: number | null, reason: string): void {
    const refused = seq === null ? undefined : this.#unacknowledged.get(seq);
    if (seq !== null) this.#unacknowledged.delete(seq);
    this.#listener.refused(reason);
    if (!this.#isReady) return this.#connection.hangUp(reason);
    const scene = this.#listener.scene();
    if (refused?.isWhole) this.#setOutOfStep(reason);
    else if (refused && scene) this.edit([{ kind: "replace_scene", scene }]);
    this.#listener.acknowledged();
  }

  #setOutOfStep(reason: string | null): void {
    if (reason === null && !this.#isOutOfStep) return;
    this.#isOutOfStep = reason !== null;
    this.#listener.outOfStep(reason);
  }

  #dropIfSilent(): void {
    const now_ms = performance.now();
    if ([...this.#unacknowledged.values()].some(({ sent_ms }) => now_ms - sent_ms > SILENT_MS)) this.#connection.drop();
  }
}

function mebi(bytes: number): number {
  return Math.ceil((10 * bytes) / 2 ** 20) / 10;
}
