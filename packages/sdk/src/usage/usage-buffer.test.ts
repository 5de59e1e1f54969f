import { describe, expect, test } from "vitest";
import type { UsageEventInput } from "../_generated/schema-types.js";
import {
  AbortedError,
  AuthenticationError,
  ConnectionError,
  type KeyplaneError,
  PermissionError,
  RateLimitedError,
  RequestError,
  ServerError,
  TimeoutError,
} from "../client/errors.js";
import { type FakeTimers, fakeTimers, settled } from "../test-helpers/fake-timers.js";
import {
  type DroppedUsage,
  type RejectedUsage,
  resolveRecordOptions,
  type UsageRecordOptions,
} from "./record-options.js";
import { type SendUsage, UsageBuffer } from "./usage-buffer.js";

type Answer = Awaited<ReturnType<SendUsage>>;
/** What the server does with a batch; `hang` never answers. */
type Turn = Answer | Error | "hang" | ((events: readonly UsageEventInput[]) => Answer | Error);

const taken = (rejected: readonly number[] = []): Answer => ({
  __typename: "RecordUsagePayload",
  accepted: 0,
  rejected: rejected.map((index) => ({ index, eventId: null, code: "NOT_FOUND", message: "No such key." })),
});
const spoolFull: Answer = {
  __typename: "LimitReachedError",
  code: "LIMIT_REACHED",
  message: "full",
  docsUrl: "https://x",
};
const lost = new ConnectionError("lost", { neverSent: false });

interface World {
  readonly buffer: UsageBuffer;
  readonly timers: FakeTimers;
  /** The batches as they were sent. */
  readonly batches: UsageEventInput[][];
  readonly dropped: DroppedUsage[];
  readonly rejected: RejectedUsage[];
  readonly errors: Error[];
  /** What the server does next; when nothing is left, it takes everything. */
  turns: Turn[];
}

function world(options: UsageRecordOptions = {}, ...turns: Turn[]): World {
  const timers = fakeTimers();
  const all = { batches: [], dropped: [], rejected: [], errors: [] } as unknown as World;
  const send: SendUsage = async (events, signal) => {
    all.batches.push([...events]);
    const turn = given.turns.shift() ?? taken();
    const answer = typeof turn === "function" ? turn(events) : turn;
    if (answer instanceof Error) throw answer;
    if (answer !== "hang") return answer;
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new AbortedError("aborted", { code: "ABORTED" })));
    });
  };
  const callbacks: UsageRecordOptions = {
    onDrop: (dropped) => all.dropped.push(dropped),
    onRejected: (rejected) => all.rejected.push(rejected),
    onError: (error) => all.errors.push(error),
  };
  const buffer = new UsageBuffer(send, resolveRecordOptions({ ...callbacks, ...options }), timers);
  const given: World = { ...all, buffer, timers, turns };
  return given;
}

function record({ buffer }: World, count: number, from = 1): void {
  for (let i = from; i < from + count; i++) buffer.record({ id: `e${i}`, keyId: "key_1" });
}

const idsOf = ({ batches }: World): string[][] => batches.map((batch) => batch.map(({ id }) => id));

describe("recording", () => {
  test("gives a call an id and a time, and sends it after the interval, with those recorded meanwhile", async () => {
    const it = world();
    expect(it.buffer.record({ keyId: "key_1", api: "orders", code: null })).toBe(true);
    await it.timers.pass(1_500);
    it.buffer.record({ keyId: "key_2", at: new Date("2027-01-31T11:59:00Z"), id: "mine" });
    await it.timers.pass(499);
    expect(it.batches).toEqual([]);
    await it.timers.pass(1);
    const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(it.batches).toEqual([
      [
        { id: uuid, at: "2027-01-31T12:00:00.000Z", keyId: "key_1", api: "orders" },
        { id: "mine", at: "2027-01-31T11:59:00.000Z", keyId: "key_2" },
      ],
    ]);
    expect(it.buffer.status).toMatchObject({ recorded: 2, queued: 0, accepted: 2, sent: 2, lastError: undefined });
    expect(it.timers.waiting).toBe(0);
  });

  test("sends at once when a batch is full, one request at a time, oldest first", async () => {
    const it = world({ batchSize: 2 }, "hang");
    record(it, 5);
    await settled();
    expect(idsOf(it)).toEqual([["e1", "e2"]]);
    const other = world({ batchSize: 2 });
    record(other, 5);
    await settled();
    expect(idsOf(other)).toEqual([
      ["e1", "e2"],
      ["e3", "e4"],
    ]);
    await other.timers.pass(2_000);
    expect(idsOf(other)).toEqual([["e1", "e2"], ["e3", "e4"], ["e5"]]);
  });

  test("copies the call, so that later changes of it change nothing", async () => {
    const it = world();
    const call = { id: "e1", tags: ["a"] };
    it.buffer.record(call);
    call.tags[0] = "b";
    await it.timers.pass(2_000);
    expect(it.batches[0]?.[0]?.tags).toEqual(["a"]);
  });

  test("keeps a batch below 4 MB, counted in bytes", async () => {
    const it = world({ batchSize: 10_000 });
    const tags = Array.from({ length: 20 }, (_, tag) => `${tag}`.padEnd(64, "€"));
    for (let i = 0; i < 2_000; i++) it.buffer.record({ tags });
    await it.timers.pass(2_000);
    const sizes = it.batches.map((events) => Buffer.byteLength(JSON.stringify({ events })));
    expect(it.batches.flat()).toHaveLength(2_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4_000_100);
    expect(sizes[0]).toBeGreaterThan(3_500_000);
  });

  test("holds no process open by itself, and does while somebody waits for a flush", async () => {
    const it = world({}, lost);
    record(it, 1);
    expect([it.timers.waiting, it.timers.holding]).toEqual([1, 0]);
    await it.timers.pass(2_000);
    expect([it.timers.waiting, it.timers.holding]).toEqual([1, 0]);
    const flushed = it.buffer.flush();
    expect(it.timers.holding).toBe(1);
    await flushed;
    expect(it.timers.waiting).toBe(0);
  });

  test("goes on when somebody sets the clock back", async () => {
    const it = world({}, lost);
    record(it, 1);
    await it.timers.pass(2_000);
    it.timers.set(it.timers.now() - 3_600_000);
    await it.timers.pass(500);
    expect(it.buffer.status.accepted).toBe(1);
  });
});

describe("a call that something is wrong with", () => {
  test("is told and counted, and never thrown", async () => {
    const it = world();
    const wrong: unknown[] = [
      { cost: -1 },
      null,
      "key_1",
      { tokens: 5 },
      {
        get keyId() {
          throw new Error("boo");
        },
      },
    ];
    for (const call of wrong) expect(it.buffer.record(call as never)).toBe(false);
    expect(it.rejected.map(({ record: given }) => given)).toEqual(wrong);
    expect(it.rejected.map(({ code }) => code)).toEqual(Array(5).fill("INVALID_INPUT"));
    expect(it.buffer.status).toMatchObject({ recorded: 5, rejected: 5, queued: 0 });
    expect(it.timers.waiting).toBe(0);
  });

  test("is told and counted when it is the server that finds it, and the others of its batch are taken", async () => {
    const it = world({}, taken([1]));
    record(it, 3);
    await it.buffer.flush();
    expect(it.rejected).toMatchObject([{ record: { id: "e2" }, code: "NOT_FOUND", message: "No such key." }]);
    expect(it.buffer.status).toMatchObject({ accepted: 2, rejected: 1 });
  });

  test("is found when the server cannot read the batch for it, and the others are taken", async () => {
    const it = world({ batchSize: 16 });
    const unreadable = new RequestError("code: No such value.", { code: "BAD_USER_INPUT" });
    it.turns = Array(60).fill((events: readonly UsageEventInput[]) =>
      events.some(({ id }) => id === "e7" || id === "e12") ? unreadable : taken(),
    );
    record(it, 16);
    await it.buffer.flush();
    expect(it.rejected.map(({ record: { id }, code }) => [id, code])).toEqual([
      ["e7", "BAD_USER_INPUT"],
      ["e12", "BAD_USER_INPUT"],
    ]);
    expect(it.buffer.status).toMatchObject({ accepted: 14, rejected: 2, lastError: undefined });
    expect(it.batches.length).toBeLessThan(30);
    record(it, 48, 17);
    await it.buffer.flush();
    expect(it.batches.map(({ length }) => length)).toContain(16);
    expect(it.buffer.status).toMatchObject({ accepted: 62, rejected: 2 });
  });

  test("does not make a storm of requests when all are refused alone", async () => {
    const it = world({ batchSize: 100 });
    it.turns = Array(1_000).fill(new RequestError("code: No such value.", { code: "BAD_USER_INPUT" }));
    record(it, 100);
    await it.timers.pass(10_000);
    expect(it.batches.length).toBeLessThan(40);
    expect(it.buffer.status).toMatchObject({ accepted: 0, queued: 100 - it.buffer.status.rejected });
  });
});

describe("a batch that a proxy finds too large", () => {
  test("is halved, until it passes", async () => {
    const it = world({ batchSize: 8 });
    const tooLarge = new RequestError("too large", { code: "PAYLOAD_TOO_LARGE", status: 413 });
    it.turns = Array(20).fill((events: readonly UsageEventInput[]) => (events.length > 2 ? tooLarge : taken()));
    record(it, 8);
    await it.buffer.flush();
    expect(it.buffer.status).toMatchObject({ accepted: 8, rejected: 0 });
  });
});

describe("when a batch is not taken", () => {
  test("it is sent again with the very same calls, after pauses that grow to a minute", async () => {
    const it = world({ batchSize: 2 }, ...Array<Error>(12).fill(lost));
    record(it, 3);
    const at: number[] = [];
    for (let second = 0; second < 600; second += 0.5) {
      const before = it.batches.length;
      await it.timers.pass(500);
      if (it.batches.length > before) at.push(second + 0.5);
    }
    const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(pauses.slice(0, 10)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    const [first, ...again] = it.batches.slice(0, 13);
    for (const batch of again) expect(batch).toEqual(first);
    expect(it.buffer.status).toMatchObject({ accepted: 3, queued: 0, lastError: undefined });
  });

  test("a full spool, a server that stops and a rate limit pass by themselves", async () => {
    const stopping = new ServerError("stopping", { code: "UNAVAILABLE" });
    const tooMany = new RateLimitedError("slow", { code: "RATE_LIMITED" });
    const it = world({}, spoolFull, stopping, tooMany, new ServerError("?", { code: "INTERNAL" }));
    record(it, 1);
    await it.timers.pass(2_000 + 500 + 1_000 + 2_000 + 4_000);
    expect(it.batches).toHaveLength(5);
    expect(it.buffer.status.accepted).toBe(1);
    expect(it.errors.map((error) => (error as KeyplaneError).code)).toEqual([
      "LIMIT_REACHED",
      "UNAVAILABLE",
      "RATE_LIMITED",
      "INTERNAL",
    ]);
  });

  test("the server is left alone for as long as it asks, even by a flush, and an hour at most", async () => {
    const busy = (retryAfterMs: number) => new ServerError("busy", { code: "UNAVAILABLE", retryAfterMs });
    const it = world({}, busy(20_000), busy(86_400_000));
    record(it, 1);
    await it.timers.pass(2_000);
    const flushed = it.buffer.flush({ timeoutMs: 60_000 }).catch((error: unknown) => error);
    await it.timers.pass(19_999);
    expect(it.batches).toHaveLength(1);
    await it.timers.pass(1);
    expect(it.batches).toHaveLength(2);
    await it.timers.pass(3_600_000);
    expect(it.batches).toHaveLength(3);
    expect(await flushed).toBeInstanceOf(TimeoutError);
  });

  test("what somebody has to mend is told once, and tried each minute until it works", async () => {
    const forbidden = new PermissionError("no", { code: "FORBIDDEN" });
    const nobody = new AuthenticationError("who", { code: "UNAUTHENTICATED" });
    const noToken = new TypeError("token is missing.");
    const it = world({}, forbidden, forbidden, forbidden, nobody, noToken);
    record(it, 1);
    await it.timers.pass(2_000 + 5 * 60_000 - 1);
    expect(it.batches).toHaveLength(5);
    expect(it.errors).toEqual([forbidden, nobody, noToken]);
    expect(it.buffer.status).toMatchObject({ queued: 1, lastError: noToken });
    await it.timers.pass(1);
    expect(it.buffer.status).toMatchObject({ accepted: 1, lastError: undefined });
    it.turns = [forbidden];
    record(it, 1, 2);
    await it.timers.pass(2_000);
    expect(it.errors.at(-1)).toBe(forbidden);
    expect(it.errors).toHaveLength(4);
  });

  test("a wrong address is kept and said, not taken for a wrong call", async () => {
    const it = world({}, new RequestError("nothing there", { code: "BAD_REQUEST", status: 404 }));
    record(it, 2);
    await it.timers.pass(2_000);
    expect(it.buffer.status).toMatchObject({ queued: 2, rejected: 0 });
    expect(it.errors).toHaveLength(1);
  });

  test("new calls do not cut the pause short", async () => {
    const it = world({ batchSize: 2 }, lost);
    record(it, 10);
    await it.timers.pass(499);
    record(it, 10, 11);
    expect(it.batches).toHaveLength(1);
    await it.timers.pass(1);
    expect(it.buffer.status.accepted).toBe(20);
  });

  test("calls are given up and counted once the server would refuse them for their age", async () => {
    const it = world({}, ...Array<Error>(2_000).fill(lost));
    record(it, 2);
    await it.timers.pass(3_600_000);
    record(it, 1, 3);
    it.turns = it.turns.map(() => lost);
    await it.timers.pass(23.5 * 3_600_000);
    expect(it.dropped.map(({ record: { id }, reason }) => [id, reason])).toEqual([
      ["e1", "too-old"],
      ["e2", "too-old"],
    ]);
    expect(it.buffer.status).toMatchObject({ queued: 1, dropped: 2, droppedBecause: { "too-old": 2 } });
    it.turns = [];
    await it.timers.pass(60_000);
    expect(it.buffer.status.accepted).toBe(1);
  });
});

describe("when there is no room", () => {
  test("the new call is dropped and counted", async () => {
    const it = world({ maxQueue: 3, batchSize: 2 }, "hang");
    record(it, 5);
    expect(it.dropped.map(({ record: { id }, reason }) => [id, reason])).toEqual([
      ["e4", "queue-full"],
      ["e5", "queue-full"],
    ]);
    expect(it.buffer.record({ id: "e6" })).toBe(false);
    expect(it.buffer.status).toMatchObject({ recorded: 6, queued: 3, dropped: 3, droppedBecause: { "queue-full": 3 } });
  });

  test("the oldest is dropped where that was asked for, but never one that is under way", async () => {
    const it = world({ maxQueue: 3, batchSize: 2, onFull: "drop-oldest" }, "hang");
    record(it, 5);
    expect(it.dropped.map(({ record: { id } }) => id)).toEqual(["e3", "e4"]);
    expect(it.buffer.status).toMatchObject({ recorded: 5, queued: 3, dropped: 2 });
    const full = world({ maxQueue: 2, batchSize: 2, onFull: "drop-oldest" }, "hang");
    record(full, 3);
    expect(full.dropped.map(({ record: { id } }) => id)).toEqual(["e3"]);
  });
});

describe("flush", () => {
  test("sends at once and resolves when all that was recorded before is taken", async () => {
    const it = world({ batchSize: 2 }, taken(), taken(), "hang");
    record(it, 3);
    const flushed = it.buffer.flush();
    record(it, 3, 4);
    expect(await flushed).toMatchObject({ recorded: 6, accepted: 4, queued: 2 });
  });

  test("has nothing to do when nothing waits", async () => {
    const it = world();
    expect(await it.buffer.flush()).toMatchObject({ recorded: 0 });
    expect([it.batches.length, it.timers.waiting]).toEqual([0, 0]);
  });

  test("cuts a pause of our own short", async () => {
    const it = world({}, lost);
    record(it, 1);
    await it.timers.pass(2_000);
    expect(await it.buffer.flush()).toMatchObject({ accepted: 1 });
  });

  test("fails after its deadline with the reason, and keeps the calls", async () => {
    const it = world({}, "hang");
    record(it, 2);
    const flushed = it.buffer.flush({ timeoutMs: 1_000 }).catch((error: unknown) => error);
    await it.timers.pass(1_000);
    expect(await flushed).toBeInstanceOf(TimeoutError);
    expect(await flushed).toHaveProperty("message", "2 recorded calls could not be handed over within 1000 ms.");
    const other = world({}, ...Array<Error>(9).fill(lost));
    record(other, 1);
    const failed = other.buffer.flush({ timeoutMs: 1_000 }).catch((error: unknown) => error);
    await other.timers.pass(1_000);
    expect(await failed).toMatchObject({ code: "TIMEOUT", cause: lost });
    expect(other.buffer.status.queued).toBe(1);
  });

  test("resolves when nothing is left because all grew too old", async () => {
    const it = world({}, lost);
    record(it, 2);
    await it.timers.pass(2_000);
    it.timers.set(it.timers.now() + 25 * 3_600_000);
    expect(await it.buffer.flush()).toMatchObject({ queued: 0, dropped: 2, droppedBecause: { "too-old": 2 } });
  });

  test("ends with its signal, and keeps the calls", async () => {
    const it = world({}, "hang");
    record(it, 1);
    const controller = new AbortController();
    const flushed = it.buffer.flush({ signal: controller.signal }).catch((error: unknown) => error);
    controller.abort();
    expect(await flushed).toBeInstanceOf(AbortedError);
    await expect(it.buffer.flush({ signal: controller.signal })).rejects.toBeInstanceOf(AbortedError);
    expect(it.buffer.status.queued).toBe(1);
    expect(it.timers.holding).toBe(0);
  });
});

describe("after a success", () => {
  test("pauses begin anew", async () => {
    const it = world({ batchSize: 1 }, lost, lost, lost, taken(), lost);
    record(it, 1);
    await it.timers.pass(500 + 1_000 + 2_000);
    expect(it.buffer.status.accepted).toBe(1);
    record(it, 1, 2);
    await it.timers.pass(499);
    expect(it.batches).toHaveLength(5);
    await it.timers.pass(1);
    expect(it.buffer.status.accepted).toBe(2);
  });
});

describe("close", () => {
  test("hands over what is left, and what is recorded afterwards is dropped and counted", async () => {
    const it = world();
    record(it, 2);
    expect(await it.buffer.close()).toMatchObject({ accepted: 2, queued: 0, dropped: 0 });
    expect(it.buffer.record({ id: "late" })).toBe(false);
    expect(it.buffer.status).toMatchObject({ recorded: 3, dropped: 1, droppedBecause: { closed: 1 } });
    expect(it.timers.waiting).toBe(0);
  });

  test("gives up after its deadline, drops what is left, and says how much and why", async () => {
    const it = world({}, lost, "hang");
    record(it, 3);
    await it.timers.pass(2_000);
    const closed = it.buffer.close({ timeoutMs: 1_000 });
    expect(it.buffer.close()).toBe(closed);
    await it.timers.pass(1_000);
    expect(await closed).toMatchObject({ queued: 0, dropped: 3, droppedBecause: { closed: 3 }, lastError: lost });
    expect(it.dropped.map(({ record: { id } }) => id)).toEqual(["e1", "e2", "e3"]);
    await settled();
    expect(it.buffer.status).toMatchObject({ recorded: 3, dropped: 3, accepted: 0 });
    expect([it.timers.waiting, it.batches.length]).toEqual([0, 2]);
  });
});

describe("close without hope", () => {
  const forbidden = new PermissionError("not allowed", { code: "FORBIDDEN" });

  test("does not wait for what nobody will mend meanwhile", async () => {
    const it = world({}, forbidden, forbidden);
    record(it, 2);
    const closed = it.buffer.close();
    await settled();
    // No time has passed.
    expect(await closed).toMatchObject({ queued: 0, dropped: 2, droppedBecause: { closed: 2 }, lastError: forbidden });
    expect([it.timers.waiting, it.batches.length]).toEqual([0, 1]);
  });

  test("tries once more what was refused before: it may be mended by now", async () => {
    const it = world({}, forbidden);
    record(it, 2);
    await it.timers.pass(2_000);
    expect(it.buffer.status).toMatchObject({ queued: 2, lastError: forbidden });
    expect(await it.buffer.close()).toMatchObject({ accepted: 2, dropped: 0 });
  });

  test("waits while it may pass by itself, and no longer than the caller's signal", async () => {
    const it = world({}, lost, lost);
    record(it, 1);
    const stop = new AbortController();
    const closed = it.buffer.close({ signal: stop.signal });
    await settled();
    expect(it.buffer.status.queued).toBe(1);
    stop.abort();
    expect(await closed).toMatchObject({ queued: 0, dropped: 1 });
  });
});

describe("an answer that comes after close", () => {
  test("changes nothing: its calls are dropped already, and its request was aborted", async () => {
    const timers = fakeTimers();
    let answer: (result: Answer) => void = () => {};
    let signal: AbortSignal | undefined;
    const send: SendUsage = (_, stop) => {
      signal = stop;
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const buffer = new UsageBuffer(send, resolveRecordOptions({ onDrop: () => {} }), timers);
    buffer.record({});
    const closed = buffer.close({ timeoutMs: 1_000 });
    await timers.pass(1_000);
    await closed;
    expect(signal?.aborted).toBe(true);
    answer(taken());
    await settled();
    expect(buffer.status).toMatchObject({ recorded: 1, accepted: 0, dropped: 1, queued: 0 });
  });
});

describe("callbacks", () => {
  test("that throw are counted and change nothing", async () => {
    const broken = (): never => {
      throw new Error("of the application");
    };
    const it = world({ onDrop: broken, onRejected: broken, onError: broken, maxQueue: 1 }, lost);
    it.buffer.record({ cost: -1 });
    record(it, 2);
    await it.timers.pass(5_000);
    expect(it.buffer.status).toMatchObject({ accepted: 1, rejected: 1, dropped: 1, callbackFailures: 3 });
  });

  test("that are not given are replaced by one warning each", async ({ onTestFinished }) => {
    const warnings: string[] = [];
    const warn = console.warn;
    onTestFinished(() => {
      console.warn = warn;
    });
    console.warn = (words: string) => warnings.push(words);
    const none = { onDrop: undefined, onRejected: undefined, onError: undefined };
    const it = world(
      { ...none, maxQueue: 1 },
      lost,
      new PermissionError("Ask for usage:record.", { code: "FORBIDDEN" }),
    );
    for (let i = 0; i < 3; i++) it.buffer.record({ cost: -1 });
    record(it, 5);
    await it.timers.pass(70_000);
    expect(warnings).toEqual([
      "[keyplane] A recorded call is not counted. cost: Give a whole number, 0 to 1000000. See the option usage.onRejected.",
      "[keyplane] A recorded call was given up (queue-full). See usage.recordStatus and the option usage.onDrop.",
      "[keyplane] Recorded calls cannot be handed over, and are kept. Ask for usage:record. See the option usage.onError.",
    ]);
  });
});
