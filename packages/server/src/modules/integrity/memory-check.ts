import { isDeepStrictEqual } from "node:util";
import type { Database } from "../../platform/database/index.js";
import type { Remembered } from "../../platform/entity-states.js";
import type { Logger } from "../../platform/logger.js";
import type { Note } from "./findings.js";

/** Whom a finding concerns. */
export interface Concerned {
  /** null: not known. */
  readonly tenantId: string | null;
  readonly keyId?: string;
  readonly userId?: string;
}

/** Something that was remembered otherwise than the store has it. */
export interface Forgotten extends Concerned {
  /** In words for an operator. */
  readonly detail: string;
}

/** How many things are compared at once where they do not say: few, because the embedded database works on this very thread. */
const usualBatch = 200;

/** How a comparison goes on. */
interface Pace {
  readonly stop: AbortSignal;
  /** Called after each batch. */
  readonly heard: () => Promise<unknown>;
}

/** Looks again at what differed, and forgets what still does. */
type LookAgain = () => Promise<Forgotten[]>;

/**
 * Compares what this process remembers of one kind of things with the store. It begins with what is remembered: what the store has as revoked,
 * deleted or not at all is compared like the rest.
 *
 * @returns what is to be called once this process has heard of every change before, which it may only not have yet; null: nothing differs.
 */
export type CompareMemory = (pace: Pace) => Promise<LookAgain | null>;

/** @param nameOf what a thing is called in a finding. */
export function comparisonOf<State extends object>(
  remembered: Remembered<State>,
  nameOf: (id: string, state: State) => string,
  concerns: (state: State, id: string) => Concerned,
): CompareMemory {
  const batch = remembered.atOnce ?? usualBatch;
  return async ({ stop, heard }) => {
    async function differing(ids: readonly string[]): Promise<Map<string, Different<State>>> {
      const found = new Map<string, Different<State>>();
      for (let start = 0; start < ids.length && !stop.aborted; start += batch) {
        const known = new Map<string, State>();
        for (const id of ids.slice(start, start + batch)) {
          const state = remembered.inspect(id);
          if (state) known.set(id, state);
        }
        const stored = await remembered.stored([...known.keys()]);
        for (const [id, state] of known) {
          // What was forgotten or read anew meanwhile is of another moment than the rows.
          if (remembered.inspect(id) !== state || isDeepStrictEqual(state, stored.get(id))) continue;
          found.set(id, { state, stored: stored.get(id) });
        }
        await heard();
        // Requests first.
        await new Promise((resolve) => setImmediate(resolve));
      }
      return found;
    }

    const suspects = await differing(remembered.ids());
    if (suspects.size === 0) return null;
    return async () => {
      const forgotten: Forgotten[] = [];
      for (const [id, { state, stored }] of await differing([...suspects.keys()])) {
        const before = suspects.get(id);
        // What changed on either side meanwhile may again just not have been heard of: the next check will see.
        if (before?.state !== state || !isDeepStrictEqual(before.stored, stored)) continue;
        forgotten.push({ ...concerns(state, id), detail: detailOf(nameOf(id, state), state, stored) });
        remembered.forget(id);
      }
      return forgotten;
    };
  };
}

interface Different<State> {
  readonly state: State;
  /** undefined: the store has none. */
  readonly stored: State | undefined;
}

function detailOf<State extends object>(name: string, known: State, stored: State | undefined): string {
  if (!stored) return `This server remembered ${name}, which the database does not have.`;
  const fields = Object.keys({ ...known, ...stored }) as (keyof State & string)[];
  const other = fields.filter((field) => !isDeepStrictEqual(known[field], stored[field]));
  return `This server remembered ${name} otherwise than the database has it: ${other.join(", ")}.`;
}

/** How many things that were remembered otherwise one server lists. */
const maxListed = 1_000;

/** Compares all that this process remembers, forgets what differs, so that the next to ask reads it, and keeps that as findings. */
export async function examineMemories(
  deps: {
    readonly database: Database;
    readonly logger: Logger;
    readonly memories: readonly CompareMemory[];
    readonly catchUp: () => Promise<void>;
  },
  runId: string,
  note: Note,
  pace: Pace,
): Promise<void> {
  const { database, logger, memories, catchUp } = deps;
  const again: LookAgain[] = [];
  for (const compare of memories) {
    const lookAgain = await compare(pace);
    if (lookAgain) again.push(lookAgain);
  }
  if (again.length === 0) return;
  await catchUp();
  const forgotten: Forgotten[] = [];
  for (const look of again) forgotten.push(...(await look()));
  for (const each of forgotten.slice(0, maxListed)) {
    await database.transaction((tx) => note(tx, { kind: "CACHE_DIFFERS", outcome: "REPAIRED", ...each }));
  }
  if (forgotten.length === 0) return;
  const listed = Math.min(forgotten.length, maxListed);
  logger.warn(
    { run: runId, forgotten: forgotten.length, listed },
    "this server remembered otherwise than the database",
  );
}
