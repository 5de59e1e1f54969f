import { afterEach, describe, expect, test, vi } from "vitest";
import type { Database } from "../../platform/database/index.js";
import type { Logger } from "../../platform/logger.js";
import { Turns } from "../../platform/turns.js";
import type { PlacedEvent } from "./event.js";
import { createEventRelay } from "./event-relay.js";
import type { Events } from "./events.service.js";
import { type Progress, readEvents } from "./key-event-reader.js";
import type { EventLog } from "./log/event-log.js";

afterEach(() => {
  vi.useRealTimers();
});

const floor = { transactionId: 0n, sequence: 0n, id: "" };

const event: PlacedEvent = {
  id: "evt_0123456789abcdefghijABCD",
  type: "DISABLED",
  tenantId: "ten_1",
  keyId: "key_1",
  userId: null,
  formerUserId: null,
  tokenId: null,
  subjectId: null,
  sessionId: null,
  roleId: null,
  teamIds: [],
  reason: null,
  occurredAt: new Date(0),
  transactionId: 7n,
  sequence: 1n,
  isFinal: false,
};

/** A relay whose log holds one event behind a transaction that still runs, and whoever follows it. All clocks are the test's. */
async function behindAnOpenTransaction() {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance", "Date"] });
  const $queryRaw = ({ raw }: TemplateStringsArray): Promise<unknown[]> =>
    Promise.resolve(raw.join("?").includes("DESC") ? [] : [event]);
  const database = {
    kind: "postgresql",
    prisma: { $queryRaw },
    signals: { send() {}, listen: () => () => {} },
  } as unknown as Database;
  const log = { storeId: "store1", open: async () => {}, floor: async () => floor } as unknown as EventLog;
  const events = { onWrite: () => () => {}, tell() {}, tellGap() {} } as unknown as Events;
  const logger = { warn() {} } as unknown as Logger;
  const relay = createEventRelay({ database, events, log, clock: { now: Date.now }, logger });
  await relay.start();
  const leave = relay.follow();
  const filter = {
    tenantId: undefined,
    userId: undefined,
    teamIds: [],
    types: undefined,
    keyIds: undefined,
    nothing: false,
  };
  const progress: Progress = { completeSince: null };
  const messages = readEvents(
    { database, log, relay, replays: new Turns(1) },
    {
      filter,
      start: { kind: "after", offset: relay.ring.nextOffset, position: floor },
      signal: new AbortController().signal,
      progress,
    },
  );
  return { messages, stop: () => Promise.all([leave(), relay.stop()]) };
}

describe("a reader behind a transaction that stays open", () => {
  test("hears nothing for 30 seconds, and is then turned away, although the log can be read", async () => {
    const { messages, stop } = await behindAnOpenTransaction();
    const heard: unknown[] = [];
    const reading = messages.next().then(({ value }) => heard.push(value));
    await vi.advanceTimersByTimeAsync(29_000);
    expect(heard).toEqual([]);
    await vi.advanceTimersByTimeAsync(3_000);
    await reading;
    expect(heard).toEqual([{ kind: "failure", error: expect.objectContaining({ code: "UNAVAILABLE" }) }]);
    expect(await messages.next()).toEqual({ done: true, value: undefined });
    await stop();
  });
});
