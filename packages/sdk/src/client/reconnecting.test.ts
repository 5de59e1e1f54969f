import { describe, expect, fakeRuntime, test } from "../test-helpers/story.js";
import {
  AbortedError,
  AuthenticationError,
  ConnectionError,
  type KeyplaneError,
  RequestError,
  ServerError,
} from "./errors.js";
import { reconnecting } from "./reconnecting.js";

const odd = new TypeError("a slip in the caller's token function");
const broken = (): ConnectionError => new ConnectionError("broken", { neverSent: false });

/** What happens when it is connected, one entry for each time: what comes, and how it ends. */
type Script = readonly { readonly opens?: boolean; readonly events?: readonly number[]; readonly end?: Error }[];

async function run(script: Script, random = 0, outlastsRefusals = false) {
  const runtime = fakeRuntime(random);
  const told: [KeyplaneError, number][] = [];
  const events: number[] = [];
  let attempt = 0;
  async function* connect(onOpen: () => void): AsyncGenerator<number> {
    const {
      opens = true,
      events: all = [],
      end,
    } = script[attempt++] ?? { end: new RequestError("no more", { code: "BAD_REQUEST" }) };
    if (opens) onOpen();
    yield* all;
    if (end) throw end;
  }
  const onInterrupted = (error: KeyplaneError, ms: number): void => void told.push([error, ms]);
  const options = { signal: undefined, onInterrupted, outlastsRefusals };
  const error = await (async () => {
    for await (const event of reconnecting(connect, options, runtime)) events.push(event);
  })().catch((thrown: unknown) => thrown);
  return { events, error, waits: runtime.waits, told };
}

describe("a stream that is kept going", () => {
  test("goes on after it broke, and after the server ended it", async () => {
    const { events, waits, told } = await run([{ events: [1, 2], end: broken() }, { events: [3] }, { events: [4] }]);
    expect(events).toEqual([1, 2, 3, 4]);
    expect(waits).toEqual([1_000, 1_000, 1_000]);
    expect(told.map(([error]) => error.code)).toEqual(["CONNECTION_FAILED", "CONNECTION_FAILED", "CONNECTION_FAILED"]);
  });

  test("waits twice as long after each failure, up to 30 s, and begins anew once it is open", async () => {
    const fails = { opens: false, end: broken() };
    const { waits } = await run([fails, fails, fails, fails, fails, fails, fails, {}, fails]);
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 1_000, 2_000]);
  });

  test("leaves out up to half of a pause at random", async () => {
    const fails = { opens: false, end: broken() };
    expect((await run([fails, fails], 0.999_999)).waits).toEqual([500, 1_000]);
    expect((await run([fails, fails], 0.5)).waits).toEqual([750, 1_500]);
  });

  test("waits as long as the server asks for, and says so", async () => {
    const busy = new ServerError("busy", { code: "UNAVAILABLE", retryAfterMs: 45_000 });
    const { waits, told } = await run([{ opens: false, end: busy }]);
    expect(waits).toEqual([45_000]);
    expect(told).toEqual([[busy, 45_000]]);
  });

  test("ends with what will not pass by itself", async () => {
    const ended = new AuthenticationError("ended", { code: "UNAUTHENTICATED" });
    const { events, error, waits } = await run([{ events: [1], end: ended }, { events: [2] }]);
    expect([events, error, waits]).toEqual([[1], ended, []]);
    expect((await run([{ end: odd }])).error).toBe(odd);
  });

  test("goes on after that, too, where it was told to, and waits up to a minute", async () => {
    const refused = { opens: false, end: new AuthenticationError("suspended", { code: "UNAUTHENTICATED" }) };
    const script = [...Array(8).fill(refused), { events: [1], end: refused.end }, { opens: false, end: odd }];
    const { events, error, waits } = await run(script, 0, true);
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 1_000]);
    expect([events, error]).toEqual([[1], odd]);
  });

  test("ends with an abort, whatever it was told", async () => {
    const aborted = new AbortedError("closed", { code: "ABORTED" });
    expect((await run([{ end: aborted }], 0, true)).error).toBe(aborted);
  });

  test("ends while it waits, when its caller aborts", async () => {
    const controller = new AbortController();
    async function* connect(): AsyncGenerator<number> {
      yield* [];
      throw broken();
    }
    const options = { signal: controller.signal, onInterrupted: () => controller.abort() };
    await expect(reconnecting(connect, options, fakeRuntime()).next()).rejects.toBeInstanceOf(AbortedError);
  });
});
