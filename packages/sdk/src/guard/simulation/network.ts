import type { Fetch, FetchBodyReader, FetchResponse } from "../../client/options.js";
import type { MemoryPlane } from "../../testing/memory-plane.js";
import { MemoryServer } from "../../testing/memory-server.js";
import type { Dice } from "./dice.js";
import type { VirtualTime } from "./virtual-time.js";

/** A server process whose relay reads the log now and then, as the real one's does. */
class LaggingServer {
  readonly server: MemoryServer;
  isUp = true;
  #place = 0;
  #readAt = 0;
  #stalledUntil = 0;
  readonly #rate: number;
  readonly #plane: MemoryPlane;
  readonly #time: VirtualTime;
  readonly #dice: Dice;

  /** @param rate how fast its clock goes. */
  constructor(plane: MemoryPlane, time: VirtualTime, dice: Dice, floor: () => number, rate: number) {
    this.#rate = rate;
    this.#plane = plane;
    this.#time = time;
    this.#dice = dice;
    this.server = new MemoryServer(plane, {
      monotonic: () => time.now * rate,
      readUpTo: () => ({ place: this.#place, at: this.#readAt }),
      floor,
    });
    this.#relay();
  }

  /** For some seconds the relay reads nothing: the database is away, or the process is too busy. */
  stall(ms: number): void {
    this.#stalledUntil = this.#time.now + ms;
  }

  kill(): void {
    this.isUp = false;
    this.server.kill();
  }

  #relay(): void {
    if (this.isUp && this.#time.now >= this.#stalledUntil) {
      this.#place = this.#plane.events.length;
      this.#readAt = this.#time.now * this.#rate;
      this.server.read();
    }
    setTimeout(() => this.#relay(), this.#dice.between(5, 250));
  }
}

/** What the network does at present. */
interface Weather {
  /** Milliseconds that each way takes, at least and at most. */
  delay: readonly [number, number];
  /** How often a request, or its answer, gets lost: nothing is heard of it any more. */
  loss: number;
  /** How often a connection breaks at once. */
  refusal: number;
  /** Nothing passes at all, and nobody is told. */
  isCut: boolean;
  /** A proxy on the way keeps answers back until they end. */
  holdsStreams: boolean;
  /** Events come, and answers with keys do not. */
  losesRecords: boolean;
  /** Answers with keys and verdicts are made at once and take up to this much longer to come, in milliseconds. */
  recordsDelay: number;
}

const fair: Weather = {
  delay: [1, 40],
  loss: 0,
  refusal: 0,
  isCut: false,
  holdsStreams: false,
  losesRecords: false,
  recordsDelay: 0,
};

/** Two server processes, and a bad network on the way to them. */
export class Network {
  readonly servers: readonly LaggingServer[];
  weather: Weather = { ...fair };
  readonly #dice: Dice;
  /** Streams that are open, so that some can go silent without a word. */
  readonly #open = new Set<{ isDead: boolean }>();

  constructor(plane: MemoryPlane, time: VirtualTime, dice: Dice, floor: () => number, rate: number) {
    this.#dice = dice;
    this.servers = [0, 1].map(() => new LaggingServer(plane, time, dice, floor, rate));
  }

  /** From now on all goes well. */
  heal(): void {
    this.weather = { ...fair };
    for (const server of this.servers) {
      server.isUp = true;
      server.stall(0);
    }
  }

  /** Connections that are open say nothing any more, and do not end. */
  halfOpen(): void {
    for (const stream of this.#open) stream.isDead = true;
  }

  readonly fetch: Fetch = async (url, init) => {
    const { signal } = init;
    const lose = (): Promise<never> =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(aborted())));
    if (this.#dice.happens(this.weather.refusal)) throw new TypeError("the connection was refused");
    await this.#travel(signal);
    if (this.weather.isCut || this.#dice.happens(this.weather.loss)) return lose();
    const isOfRecords = url.includes("/v1/verification-records");
    if (this.weather.losesRecords && isOfRecords) return lose();
    const up = this.servers.filter(({ isUp }) => isUp);
    if (up.length === 0) throw new TypeError("the connection was refused");
    const response = await this.#dice.one(up).server.fetch(url, init);
    const isStream = response.headers.get("content-type") === "text/event-stream";
    if (isStream && this.weather.holdsStreams) return lose();
    const isOfVerdict = init.body?.includes("verifyKey(") ?? false;
    await this.#travel(signal, isOfRecords || isOfVerdict ? this.weather.recordsDelay : 0);
    if (this.weather.isCut || this.#dice.happens(this.weather.loss)) return lose();
    return isStream ? this.#delayed(response, signal) : response;
  };

  /** One way. @throws when the caller gives up meanwhile. */
  async #travel(signal: AbortSignal, longer = 0): Promise<void> {
    const [least, most] = this.weather.delay;
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => reject(aborted());
      signal.addEventListener("abort", giveUp, { once: true });
      setTimeout(
        () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        },
        this.#dice.between(least, most + longer),
      );
    });
  }

  /** A stream whose pieces travel, each after the one before it. */
  #delayed(response: FetchResponse, signal: AbortSignal): FetchResponse {
    const source = response.body?.getReader() as FetchBodyReader;
    const connection = { isDead: false };
    this.#open.add(connection);
    const reader: FetchBodyReader = {
      read: async () => {
        const piece = await source.read();
        await this.#travel(signal);
        if (connection.isDead || this.weather.isCut) {
          // Once a piece is lost, nothing after it can come: that is what TCP sees to.
          connection.isDead = true;
          return new Promise((_, reject) => signal.addEventListener("abort", () => reject(aborted())));
        }
        return piece;
      },
      cancel: async () => {
        this.#open.delete(connection);
        await source.cancel();
      },
    };
    return { ...response, body: { getReader: () => reader } };
  }
}

function aborted(): Error {
  return new DOMException("aborted", "AbortError");
}
