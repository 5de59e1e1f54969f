import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../../platform/database/index.js";
import { BadUserInputError } from "../../platform/errors.js";
import { type Page, type PageArguments, parsePageSize } from "../../platform/pages.js";
import { Turns } from "../../platform/turns.js";
import { parseArguments } from "../../platform/validation.js";
import { authorize, type Principal } from "../auth/index.js";
import type { EventRelay } from "./event-relay.js";
import { countEvents, findAnchor, findEvents } from "./events.store.js";
import { type KeyEvent, type KeyEventMessage, toKeyEvent } from "./key-event.js";
import { collectEvents, type KeyEventPoll, PollProgress } from "./key-event-poll.js";
import { type Progress, readEvents, type Start } from "./key-event-reader.js";
import { eventFilterSchema } from "./key-events.input.js";
import { type Cursor, decodeCursor, encodeCursor, isAt } from "./lib/cursor.js";
import type { EventFilter } from "./lib/event-filter.js";
import { comparePositions, type Position } from "./lib/position.js";
import type { EventLog } from "./log/event-log.js";

/** How many readers may read what they missed from the database at the same time. */
const replaysAtOnce = 4;
/** How long a list waits for the order of what was just committed to be final, in milliseconds; and how often it looks. */
const settleMs = 1_000;
const settleStepMs = 10;

interface FollowArguments {
  readonly after?: string | null | undefined;
  readonly [filter: string]: unknown;
}

export type KeyEvents = ReturnType<typeof createKeyEvents>;

/** What happened to keys, owners and tenants: as a list, and as it happens. */
export function createKeyEvents(deps: { database: Database; log: EventLog; relay: EventRelay }) {
  const { database, log, relay } = deps;
  const replays = new Turns(replaysAtOnce);

  function filterOf(principal: Principal, rawFilter: unknown): EventFilter {
    authorize(principal, "keys:read");
    const { tenantId, types, keyIds } = parseArguments(eventFilterSchema, rawFilter);
    const { tenantId: own, onlyUserId, teamIds } = principal;
    return {
      tenantId: tenantId ?? own ?? undefined,
      userId: onlyUserId ?? undefined,
      teamIds,
      types,
      keyIds,
      // Another tenant's id answers as one that does not exist.
      nothing: own !== null && tenantId !== undefined && tenantId !== own,
    };
  }

  /** What is wrong with a cursor; null when everything after it can be told. */
  async function faultOf(cursor: Cursor | null): Promise<"CURSOR_UNKNOWN" | "CURSOR_TOO_OLD" | null> {
    if (cursor?.storeId !== log.storeId) return "CURSOR_UNKNOWN";
    if (comparePositions(cursor, relay.ring.floor) >= 0) {
      const here = relay.ring.anchorAt(cursor);
      return here && isAt(cursor, here) ? null : "CURSOR_UNKNOWN";
    }
    const there = await findAnchor(database.prisma, cursor);
    if (there) return isAt(cursor, there) ? null : "CURSOR_UNKNOWN";
    const floor = await log.floor();
    if (isAt(cursor, floor)) return null;
    return comparePositions(cursor, floor) < 0 ? "CURSOR_TOO_OLD" : "CURSOR_UNKNOWN";
  }

  async function startOf(after: string | null | undefined): Promise<Start> {
    const offset = relay.ring.nextOffset;
    if (after == null) return { kind: "now", offset, pending: relay.pending };
    const cursor = decodeCursor(after);
    const fault = await faultOf(cursor);
    return cursor && !fault
      ? { kind: "after", offset, position: cursor }
      : { kind: "resync", code: fault ?? "CURSOR_UNKNOWN" };
  }

  async function placeOf(after: string | null | undefined): Promise<Position> {
    if (after == null) return { transactionId: 0n, sequence: 0n };
    const cursor = decodeCursor(after);
    await relay.catchUp();
    const fault = await faultOf(cursor);
    if (cursor && !fault) return cursor;
    if (fault === "CURSOR_TOO_OLD") throw new BadUserInputError(removedAlready);
    throw new BadUserInputError(
      "after: Pass a cursor as keyEvents of this server gave it. To start again, leave it out.",
    );
  }

  async function follow(
    principal: Principal,
    { after, ...rawFilter }: FollowArguments,
    { signal, progress }: { readonly signal: AbortSignal; readonly progress: Progress },
  ): Promise<AsyncGenerator<KeyEventMessage, void, undefined>> {
    const filter = filterOf(principal, rawFilter);
    const leave = relay.follow();
    signal.addEventListener("abort", leave, { once: true });
    try {
      await relay.catchUp();
      const start = await startOf(after);
      return endingWell(readEvents({ database, log, relay, replays }, { filter, start, signal, progress }), leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  return {
    /**
     * A page of the events that are kept, oldest first. What was committed before the question is in it, but for what has no final place after a second: that
     * waits for the end of another transaction of the database, and the next page has it.
     *
     * @throws BadUserInputError for a cursor that is none of this store, or too old.
     */
    async list(principal: Principal, rawFilter: unknown, page: PageArguments): Promise<Page<KeyEvent>> {
      const filter = filterOf(principal, rawFilter);
      const size = parsePageSize(page);
      const after = await placeOf(page.after);
      const rows = await readSettled(() => findEvents(database.prisma, filter, { after, take: size + 1 }));
      // Asked after the page was read: what it lacks was removed before. The ring may remember what the database does not.
      if (page.after != null && comparePositions(await log.floor(), after) > 0) {
        throw new BadUserInputError(removedAlready);
      }
      const edges = rows.slice(0, size).map((row) => {
        const node = toKeyEvent(log.storeId, row, false);
        return { cursor: node.cursor, node };
      });
      return {
        edges,
        pageInfo: {
          hasNextPage: rows.length > size,
          hasPreviousPage: page.after != null,
          startCursor: edges.at(0)?.cursor ?? null,
          endCursor: edges.at(-1)?.cursor ?? null,
        },
        totalCount: () => countEvents(database.prisma, filter),
      };
    },

    /**
     * Follows the events from now on, or after a cursor. Resolves when it follows: nothing that is committed later is missed.
     *
     * @param progress kept current with how far the reader has come.
     * @throws what the database fails with; BadUserInputError.
     */
    follow,

    /**
     * What `follow` would tell: everything that there is after a cursor, or what comes first within `waitMs`.
     *
     * @param signal ends the waiting; what was reached until then is answered.
     * @returns null when the signal aborted before anything was read.
     * @throws as `follow` does; UNAVAILABLE when the log could not be read for long.
     */
    async poll(
      principal: Principal,
      args: FollowArguments,
      { signal, waitMs }: { readonly signal: AbortSignal; readonly waitMs: number },
    ): Promise<KeyEventPoll | null> {
      const answered = new AbortController();
      const progress = new PollProgress(() => encodeCursor(log.storeId, relay.ring.end));
      const ending = AbortSignal.any([signal, answered.signal]);
      const messages = await follow(principal, args, { signal: ending, progress });
      const enough = sleep(waitMs, undefined, { signal: ending }).catch(() => {}); // woken early
      try {
        return await collectEvents(messages, progress, enough);
      } finally {
        // First the signal: a generator that waits for something cannot be returned from.
        answered.abort();
        messages.return().catch(() => {});
      }
    },
  };
}

const removedAlready =
  "after: Events after this cursor were removed already. Leave it out to begin with the oldest that is kept.";

/** Ends with a message instead of a throw, and says when it has ended. */
async function* endingWell(
  messages: AsyncGenerator<KeyEventMessage, void, undefined>,
  ended: () => void,
): AsyncGenerator<KeyEventMessage, void, undefined> {
  try {
    yield* messages;
  } catch (error) {
    yield { kind: "failure", error };
  } finally {
    ended();
  }
}

/** Reads until the order of all that was read is final, or for long enough; what is not final is left out. */
async function readSettled<Row extends { readonly isFinal: boolean }>(read: () => Promise<Row[]>): Promise<Row[]> {
  for (let left = settleMs; ; left -= settleStepMs) {
    const rows = await read();
    const open = rows.findIndex(({ isFinal }) => !isFinal);
    if (open < 0) return rows;
    if (left <= 0) return rows.slice(0, open);
    await sleep(settleStepMs);
  }
}
