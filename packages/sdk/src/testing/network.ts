import type { Fetch, FetchBody, FetchResponse } from "../client/options.js";
import { nextTurn } from "./turns.js";

/** For so many turns of the event loop nothing must happen, or something may still come of what has. */
const quietTurns = 5;

/** The way to a server in memory: it can be cut, and it can hold streams back. */
export class TestNetwork {
  readonly #server: Fetch;
  readonly #open = new Set<AbortController>();
  /** Counts whatever passes. */
  #passed = 0;
  #isOffline = false;
  #holdsStreams = false;

  constructor(server: Fetch) {
    this.#server = server;
  }

  readonly fetch: Fetch = async (url, init) => {
    this.#passed += 1;
    if (this.#isOffline) throw failed("ECONNREFUSED");
    const connection = new AbortController();
    const leave = (): void => connection.abort();
    init.signal.addEventListener("abort", leave, { once: true });
    this.#open.add(connection);
    const broken = new Promise<never>((_, reject) => {
      connection.signal.addEventListener("abort", () => reject(failed("ECONNRESET")), { once: true });
    });
    broken.catch(() => undefined); // who reads a stream hears of it there
    const isStream = init.headers["accept"] === "text/event-stream";
    const response = this.#server(url, { ...init, signal: connection.signal });
    const answered = await Promise.race(isStream && this.#holdsStreams ? [broken] : [broken, response]);
    this.#passed += 1;
    if (!isStream) {
      this.#open.delete(connection);
      init.signal.removeEventListener("abort", leave);
    }
    return this.#counting(answered);
  };

  /** Until `goOnline`, nothing gets through; what is open breaks. */
  goOffline(): void {
    this.#isOffline = true;
    this.breakConnections();
  }

  goOnline(): void {
    this.#isOffline = false;
  }

  holdStreams(holds: boolean): void {
    this.#holdsStreams = holds;
    if (holds) this.breakConnections();
  }

  breakConnections(): void {
    for (const connection of this.#open) connection.abort();
    this.#open.clear();
  }

  /** Resolves when nothing has passed for a while. */
  async settled(): Promise<void> {
    for (let passed = -1; passed !== this.#passed; ) {
      passed = this.#passed;
      for (let turn = 0; turn < quietTurns; turn++) await nextTurn();
    }
  }

  #counting(response: FetchResponse): FetchResponse {
    const { body } = response;
    if (!body) return response;
    const counted: FetchBody = {
      getReader: () => {
        const reader = body.getReader();
        const read = async (): ReturnType<typeof reader.read> => {
          const piece = await reader.read();
          this.#passed += 1;
          return piece;
        };
        return { read, cancel: () => reader.cancel() };
      },
    };
    return { ...response, body: counted };
  }
}

/** What `fetch` of Node throws. */
function failed(code: "ECONNREFUSED" | "ECONNRESET"): TypeError {
  const words = code === "ECONNREFUSED" ? "connect ECONNREFUSED" : "read ECONNRESET";
  return new TypeError("fetch failed", { cause: Object.assign(new Error(words), { code }) });
}
