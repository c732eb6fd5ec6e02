/** One WebSocket that comes back by itself, unless trying again would end the same way; what is said over it is not its business. */

import { t } from "../words";

export type Link =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  | { readonly state: "waiting"; readonly retryAt_ms: number }
  | { readonly state: "refused"; readonly reason: string };

interface Listener {
  linkChanged(link: Link): void;
  received(data: ArrayBuffer): void;
}

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 10_000;
/** Why to stop: the policy of the server, a message too big for it, and this side's own word for both. */
const HUNG_UP = 4000;
const FINAL: ReadonlySet<number> = new Set([1008, 1009, HUNG_UP]);

export class Connection {
  /** All that went over the wire since the page was opened. */
  readonly traffic = { sent_bytes: 0, received_bytes: 0 };
  readonly #url: string;
  readonly #listener: Listener;
  #socket: WebSocket | null = null;
  #failures = 0;
  #reason = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, listener: Listener) {
    this.#url = url;
    this.#listener = listener;
    window.addEventListener("online", () => this.retryNow());
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  connect(): void {
    clearTimeout(this.#timer);
    this.#reason = "";
    this.#listener.linkChanged({ state: "connecting" });
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#listener.linkChanged({ state: "open" });
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) => {
      this.traffic.received_bytes += event.data.byteLength;
      this.#listener.received(event.data);
    };
    socket.onclose = (event) => this.#lost(socket, event);
    this.#socket = socket;
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    this.traffic.sent_bytes += bytes.byteLength;
    this.#socket?.send(bytes);
  }

  /** The conversation has begun well: the next loss is the first one again. */
  settled(): void {
    this.#failures = 0;
  }

  retryNow(): void {
    if (this.#socket === null) this.connect();
  }

  /** Give up a socket that does not answer any more. */
  drop(): void {
    const socket = this.#socket;
    socket?.close();
    if (socket) this.#lost(socket);
  }

  /** Leave and stay away, until someone tries again; a server that is closing at this moment has the last word. */
  hangUp(reason: string): void {
    this.#reason = reason;
    this.#socket?.close(HUNG_UP);
  }

  #lost(socket: WebSocket, closed?: CloseEvent): void {
    if (socket !== this.#socket) return;
    socket.onmessage = null;
    this.#socket = null;
    if (closed && FINAL.has(closed.code)) {
      const reason = this.#reason || closed.reason || t("net.closed", { code: closed.code });
      return this.#listener.linkChanged({ state: "refused", reason });
    }
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++);
    const wait_ms = longest * (0.5 + Math.random() / 2);
    this.#listener.linkChanged({ state: "waiting", retryAt_ms: Date.now() + wait_ms });
    this.#timer = setTimeout(() => this.connect(), wait_ms);
  }
}
