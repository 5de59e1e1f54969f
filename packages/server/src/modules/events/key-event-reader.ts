import type { ResyncReason } from "@keyplane/schema";
import type { Database } from "../../platform/database/index.js";
import { KeyplaneError } from "../../platform/errors.js";
import type { Turns } from "../../platform/turns.js";
import type { EventRelay } from "./event-relay.js";
import { findEvents } from "./events.store.js";
import { type KeyEventMessage, toKeyEvent } from "./key-event.js";
import { encodeCursor } from "./lib/cursor.js";
import { createMatcher, type EventFilter } from "./lib/event-filter.js";
import { comparePositions, type Position } from "./lib/position.js";
import type { EventLog } from "./log/event-log.js";

/** How many events a replay reads at once. */
const pageSize = 500;

/** Where a reader begins. */
export type Start =
  | { readonly kind: "now"; readonly offset: number; readonly pending: ReadonlySet<string> }
  /** `offset`: the ring's next one, from before the position was found to be good. */
  | { readonly kind: "after"; readonly offset: number; readonly position: Position }
  | { readonly kind: "resync"; readonly code: ResyncReason };

/** Tells up to when a stream has told everything. */
export interface Progress {
  /**
   * While the reader has handed on all that there is: up to when that was all that was committed, as `performance.now()`
   * counts. null while something is still on its way.
   */
  completeSince: (() => number) | null;
}

/**
 * Everything after a place that passes the filter: what was missed, from the database in pages, then what the ring holds, then
 * what happens. Its memory is one place: a reader who falls behind the ring is told so, and goes on from the ring's end.
 */
export async function* readEvents(
  deps: { readonly database: Database; readonly log: EventLog; readonly relay: EventRelay; readonly replays: Turns },
  options: { readonly filter: EventFilter; readonly start: Start; readonly signal: AbortSignal; progress: Progress },
): AsyncGenerator<KeyEventMessage, void, undefined> {
  const { database, log, relay, replays } = deps;
  const { filter, start, signal, progress } = options;
  const matches = createMatcher(filter);
  /** What was committed before a reader began that begins now: not told, even when its place comes later. */
  const before = start.kind === "now" ? new Set(start.pending) : new Set<string>();
  let place: Position | null = start.kind === "after" ? start.position : null;
  let offset = start.kind === "resync" ? relay.ring.nextOffset : start.offset;

  function resync(code: ResyncReason): KeyEventMessage {
    const cursor = encodeCursor(log.storeId, relay.ring.end);
    offset = relay.ring.nextOffset;
    place = null;
    return { kind: "resync", cursor, code };
  }

  if (start.kind === "resync" && !signal.aborted) yield resync(start.code);
  while (!signal.aborted) {
    if (relay.isStale) {
      yield { kind: "failure", error: new KeyplaneError("UNAVAILABLE", tooOld) };
      return;
    }
    if (place) {
      // The place, or what was read of the log so far, may be of a past that is gone.
      if (relay.ring.wasRestartedAfter(offset)) {
        yield resync("LOG_REPLACED");
        continue;
      }
      const found = relay.ring.offsetAfter(place);
      if (found !== null) {
        offset = found;
        place = null;
        continue;
      }
      const [after, upTo]: [Position, Position] = [place, relay.ring.end];
      const page = await replays.take(
        () => findEvents(database.prisma, filter, { after, upTo, take: pageSize }),
        signal,
      );
      // Asked after the page was read: what it lacks was removed before.
      if (comparePositions(await log.floor(), after) > 0) {
        yield resync("CURSOR_TOO_OLD");
        continue;
      }
      for (const event of page) yield toKeyEvent(log.storeId, event, false);
      place = page.length < pageSize ? upTo : (page.at(-1) ?? upTo);
      continue;
    }
    const event = relay.ring.at(offset);
    if (event === "gone") {
      yield resync(relay.ring.wasRestartedAfter(offset) ? "LOG_REPLACED" : "READER_TOO_SLOW");
    } else if (event === undefined) {
      progress.completeSince = () => relay.completeSince;
      await relay.nextReading(signal);
      progress.completeSince = null;
    } else {
      offset += 1;
      const isOld = before.delete(event.id);
      if (!isOld && matches(event)) yield toKeyEvent(log.storeId, event, true);
    }
  }
}

const tooOld =
  "This server could not read the log of events for 30 seconds, so it may not know of the newest. Connect again, with the last cursor.";
