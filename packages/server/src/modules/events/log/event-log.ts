import { createId } from "@keyplane/schema";
import type { Clock } from "../../../platform/clock.js";
import type { Database } from "../../../platform/database/index.js";
import type { Anchor } from "../lib/position.js";
import * as store from "./event-log.store.js";

/** How many events one transaction removes. */
const sliceSize = 1_000;
/** How many slices one run of the chore takes, so that it does not keep other chores waiting. */
const maxSlices = 50;

/** The log as a whole: which one it is, where it begins, and how it stays short. */
export interface EventLog {
  /** Part of every cursor. Known once `open` has resolved. */
  readonly storeId: string;
  /** Finds out which log this is. A log that came from another server by a dump gets a name of its own. */
  open(): Promise<void>;
  /** The oldest place from which a reader can go on without missing anything. */
  floor(): Promise<Anchor>;
  /** Removes what is older than the retention, in slices. */
  sweep(): Promise<void>;
}

/** @param deps.retentionMs how long events are kept, in milliseconds. */
export function createEventLog(deps: { database: Database; clock: Clock; retentionMs: number }): EventLog {
  const { database, clock, retentionMs } = deps;
  let storeId = "";

  /** @returns whether there may be more to remove. */
  function removeSlice(): Promise<boolean> {
    return database.transaction(async (tx) => {
      const row = await store.lockLog(tx, { storeId, origin: "" });
      const oldest = await store.findOldest(tx, store.floorOf(row), sliceSize);
      const cutoff = clock.now() - retentionMs;
      const young = oldest.findIndex(({ occurredAt }) => occurredAt.getTime() >= cutoff);
      // Only from the beginning: a reader's place must have everything after it, or be refused.
      const last = (young < 0 ? oldest : oldest.slice(0, young)).at(-1);
      if (last) await store.removeUpTo(tx, row, last);
      return young < 0 && oldest.length === sliceSize;
    });
  }

  return {
    get storeId() {
      return storeId;
    },

    async open() {
      const origin = await store.readOrigin(database.prisma);
      const found = await store.findLog(database.prisma);
      if (found?.origin === origin) {
        storeId = found.storeId;
        return;
      }
      const fresh = { storeId: createId("Event").slice(4, 16), origin };
      await database.transaction(async (tx) => {
        const row = await store.lockLog(tx, fresh);
        if (row.origin !== origin) await store.adoptLog(tx, fresh);
        storeId = row.origin === origin ? row.storeId : fresh.storeId;
      });
    },

    async floor() {
      const row = await store.findLog(database.prisma);
      if (!row) throw new Error("the event log was not opened");
      return store.floorOf(row);
    },

    async sweep() {
      for (let slice = 0; slice < maxSlices; slice++) if (!(await removeSlice())) return;
    },
  };
}
