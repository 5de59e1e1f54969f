import { type Client, createClient } from "graphql-ws";
import WebSocket from "ws";
import { keyEventsDocument, type Message } from "./key-events.js";

/** Follows key events over a WebSocket, with the client that everybody uses. */
export class SocketFollower {
  readonly messages: Message[] = [];
  /** What the server has said of how far it has told everything. */
  readonly current: number[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly client: Client;
  #socket: WebSocket | null = null;

  constructor({ url, token }: { url: string; token: string | null }, { inHeader = false } = {}) {
    const authorization = `Bearer ${token}`;
    const opened = (socket: WebSocket): void => {
      this.#socket = socket;
    };
    class Socket extends WebSocket {
      constructor(address: string, protocol: string) {
        super(address, protocol, { headers: inHeader ? { authorization } : {} });
        opened(this);
      }
    }
    let close: (ended: { code: number; reason: string }) => void = () => {};
    this.closed = new Promise((resolve) => {
      close = resolve;
    });
    this.client = createClient({
      url: `${url.replace("http", "ws")}/graphql`,
      webSocketImpl: Socket,
      lazy: false,
      onNonLazyError: () => {},
      retryAttempts: 0,
      ...(inHeader || token === null ? {} : { connectionParams: { authorization } }),
      on: {
        closed: (event) => close(event as { code: number; reason: string }),
        ping: (_, payload) => {
          for (const ms of Object.values((payload?.["current"] ?? {}) as Record<string, number>)) this.current.push(ms);
        },
      },
    });
  }

  /** The results of one operation, with their errors. */
  follow(args: Record<string, unknown> = {}, query = keyEventsDocument(args)): AsyncIterableIterator<Message> {
    return this.client.iterate({ query, variables: args });
  }

  /** Takes nothing more from the network, not even pings, until `resume`. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  async close(): Promise<void> {
    // It fails with the connection, where that never came to be.
    await Promise.resolve(this.client.dispose()).catch(() => {});
  }
}
