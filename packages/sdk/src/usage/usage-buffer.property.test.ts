import fc from "fast-check";
import { expect, test } from "vitest";
import type { UsageEventInput } from "../_generated/schema-types.js";
import {
  AbortedError,
  ConnectionError,
  KeyplaneError,
  PermissionError,
  RequestError,
  TimeoutError,
} from "../client/errors.js";
import { fakeTimers } from "../test-helpers/fake-timers.js";
import { resolveRecordOptions } from "./record-options.js";
import { type SendUsage, UsageBuffer } from "./usage-buffer.js";

/** What becomes of one request. */
const fates = [
  "taken",
  "taken, and the answer lost",
  "lost",
  "slow, then taken",
  "never answered",
  "spool full",
  "forbidden",
  "too large",
  "busy",
] as const;
type Fate = (typeof fates)[number];

type Step =
  | {
      readonly do: "record";
      readonly count: number;
      readonly kind: "good" | "unknown key" | "unreadable" | "malformed";
    }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "flush"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("record" as const),
    count: fc.integer({ min: 1, max: 6 }),
    kind: fc.constantFrom("good", "good", "good", "unknown key", "unreadable", "malformed"),
  }),
  fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(1, 100, 500, 2_000, 60_000, 7_200_000) }),
  fc.record({ do: fc.constant("flush" as const), ms: fc.constantFrom(1, 1_000, 100_000) }),
);

interface Plan {
  readonly steps: readonly Step[];
  readonly fates: readonly Fate[];
  readonly batchSize: number;
  readonly maxQueue: number;
  readonly onFull: "drop-newest" | "drop-oldest";
  readonly dice: number;
  readonly recovers: boolean;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  steps: fc.array(step, { maxLength: 25 }),
  fates: fc.array(fc.constantFrom(...fates), { maxLength: 25 }),
  batchSize: fc.integer({ min: 1, max: 7 }),
  maxQueue: fc.integer({ min: 1, max: 20 }),
  onFull: fc.constantFrom("drop-newest", "drop-oldest"),
  dice: fc.double({ min: 0, max: 0.999, noNaN: true }),
  recovers: fc.boolean(),
});

/** A server that counts each id once, on a network that does as it likes. */
function unreliableServer(given: readonly Fate[]) {
  const rest = [...given];
  const counted = new Set<string>();
  /** Every call as it was first sent; it must never look otherwise. */
  const seen = new Map<string, string>();
  let underWay = 0;

  function take(events: readonly UsageEventInput[]): Awaited<ReturnType<SendUsage>> {
    if (events.some(({ code }) => code === ("STOLEN" as string))) {
      throw new RequestError("no such code", { code: "BAD_USER_INPUT" });
    }
    const unknown = events.map((event, index) => ({ event, index })).filter(({ event }) => event.keyId === "none");
    for (const { id, keyId } of events) if (keyId !== "none") counted.add(id);
    const rejected = unknown.map(({ event: { id }, index }) => ({
      index,
      eventId: id,
      code: "NOT_FOUND",
      message: "?",
    }));
    return { __typename: "RecordUsagePayload", accepted: events.length - rejected.length, rejected };
  }

  async function answer(events: readonly UsageEventInput[], signal: AbortSignal) {
    const fate = rest.shift() ?? "taken";
    switch (fate) {
      case "taken":
        return take(events);
      case "slow, then taken":
        await new Promise((resolve) => setImmediate(resolve));
        return take(events);
      case "taken, and the answer lost":
        take(events);
        throw new ConnectionError("lost", { neverSent: false });
      case "lost":
        throw new ConnectionError("lost", { neverSent: true });
      case "never answered":
        return new Promise<never>((_, reject) => {
          const timer = setImmediate(() => reject(new TimeoutError("late", { code: "TIMEOUT" })));
          signal.addEventListener("abort", () => {
            clearImmediate(timer);
            reject(new AbortedError("aborted", { code: "ABORTED" }));
          });
        });
      case "spool full":
        return {
          __typename: "LimitReachedError",
          code: "LIMIT_REACHED",
          message: "full",
          docsUrl: "https://x",
        } as const;
      case "forbidden":
        throw new PermissionError("no", { code: "FORBIDDEN" });
      case "too large":
        // One call alone is never too large.
        if (events.length === 1) return take(events);
        throw new RequestError("large", { code: "PAYLOAD_TOO_LARGE" });
      case "busy":
        throw new KeyplaneError("busy", { code: "UNAVAILABLE", retryAfterMs: 5_000 });
    }
  }

  const send: SendUsage = async (events, signal) => {
    expect(++underWay).toBe(1);
    for (const event of events) {
      const text = JSON.stringify(event);
      expect(seen.get(event.id) ?? text).toBe(text);
      seen.set(event.id, text);
    }
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    try {
      return await answer(events, signal);
    } finally {
      underWay--;
    }
  };
  return { send, counted, seen };
}

async function play({ steps, fates: given, dice, recovers, ...sizes }: Plan): Promise<void> {
  const server = unreliableServer(given);
  const timers = fakeTimers(() => dice);
  const dropped: string[] = [];
  const rejected: string[] = [];
  const options = resolveRecordOptions({
    ...sizes,
    onDrop: ({ record: { id } }) => dropped.push(String(id)),
    onRejected: ({ record: { id } }) => rejected.push(String(id)),
    onError: () => {},
  });
  const buffer = new UsageBuffer(server.send, options, timers);
  const kinds = new Map<string, string>();
  const flushes: Promise<unknown>[] = [];
  const balanced = (): void => {
    const { recorded, queued, accepted, rejected: refused, dropped: gone } = buffer.status;
    expect(recorded).toBe(kinds.size);
    expect(queued + accepted + refused + gone).toBe(recorded);
    expect([refused, gone]).toEqual([rejected.length, dropped.length]);
    expect(queued).toBeLessThanOrEqual(sizes.maxQueue);
  };

  for (const each of steps) {
    if (each.do === "pass") await timers.pass(each.ms);
    if (each.do === "flush") flushes.push(buffer.flush({ timeoutMs: each.ms }).catch((error: unknown) => error));
    for (let i = 0; each.do === "record" && i < each.count; i++) {
      const id = `${each.kind}-${kinds.size}`;
      kinds.set(id, each.kind);
      const code = each.kind === "unreadable" ? "STOLEN" : "VALID";
      buffer.record({
        id,
        code,
        keyId: each.kind === "unknown key" ? "none" : "k",
        cost: each.kind === "malformed" ? -1 : 1,
      });
    }
    balanced();
  }
  // In steps, so that a slow answer arrives while time passes.
  for (let minute = 0; recovers && minute < 360; minute++) await timers.pass(60_000);
  const closed = buffer.close({ timeoutMs: 1_000 });
  await timers.pass(1_000);
  const { accepted, queued } = await closed;
  await timers.pass(100_000);
  balanced();
  expect(queued).toBe(0);
  for (const result of await Promise.all(flushes)) {
    expect(result instanceof TimeoutError || !(result instanceof Error)).toBe(true);
  }

  // Each call is in one place only, and what the client takes for accepted, the server has counted.
  expect(new Set([...dropped, ...rejected]).size).toBe(dropped.length + rejected.length);
  const left = [...kinds.keys()].filter((id) => !dropped.includes(id) && !rejected.includes(id));
  expect(left).toHaveLength(accepted);
  for (const id of left) expect(server.counted.has(id)).toBe(true);
  // Nothing good is called bad, and nothing bad is counted.
  for (const id of rejected) expect(kinds.get(id)).not.toBe("good");
  for (const id of server.counted) expect(kinds.get(id)).toBe("good");
  // The reverse of lost: nothing waits in a server that has recovered, unless there was no room for it.
  if (recovers) expect(buffer.status.droppedBecause.closed).toBe(0);
  expect([timers.waiting, timers.holding]).toEqual([0, 0]);
}

test("whatever happens, each call is counted once, rejected or dropped, and its id never changes", async () => {
  await fc.assert(fc.asyncProperty(plan, play), { numRuns: 300 });
});
