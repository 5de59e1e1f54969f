import WebSocket from "ws";
import { keyEventsDocument, type Message } from "./key-events.js";

/** Follows key events over a WebSocket that can stop reading, as the client of graphql-ws cannot. */
export class RawSocket {
  readonly messages: Message[] = [];
  readonly #socket: WebSocket;
  readonly #waiting: ((message: Message) => void)[] = [];
  #taken = 0;
  #onCurrent = (): void => {};
  readonly #current = new Promise<void>((resolve) => {
    this.#onCurrent = resolve;
  });

  static open({ url, token }: { url: string; token: string | null }): Promise<RawSocket> {
    const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws", {
      headers: { authorization: `Bearer ${token}` },
    });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.once("open", () => resolve(new RawSocket(socket)));
    });
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => this.#hear(JSON.parse(String(data)) as Heard));
    socket.send(JSON.stringify({ type: "connection_init" }));
  }

  /** Resolves when it follows. */
  current(): Promise<void> {
    return this.#current;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** The next event that was not taken yet. */
  async next(): Promise<Message> {
    const index = this.#taken++;
    return this.messages[index] ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#socket.terminate();
  }

  #hear({ type, payload }: Heard): void {
    if (type === "connection_ack") {
      const subscribe = { id: "1", type: "subscribe", payload: { query: keyEventsDocument({}) } };
      this.#socket.send(JSON.stringify(subscribe));
    }
    if (type === "ping" && payload?.current?.["1"] !== undefined) this.#onCurrent();
    if (type !== "next" || !payload?.data) return;
    this.messages.push(payload.data.keyEvents);
    this.#waiting.shift()?.(payload.data.keyEvents);
  }
}

interface Heard {
  readonly type: string;
  readonly payload?: { readonly current?: Record<string, number>; readonly data?: { readonly keyEvents: Message } };
}
