import { setTimeout as wait } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Db, Key } from "../../platform/database/index.js";
import { toKeyState, type VerificationIndex } from "../keys/index.js";
import { findKeys } from "./integrity.store.js";

/** Whoever remembers something else may just not have heard of the change yet: looked at again after so long, in milliseconds. */
const secondLookMs = 1_000;

type Memory = Pick<VerificationIndex, "remembered" | "rememberedIds" | "forget">;
type Known = NonNullable<ReturnType<Memory["remembered"]>>;

/** A key that was remembered otherwise than the store has it. */
interface Forgotten {
  readonly keyId: string;
  readonly tenantId: string;
  readonly detail: string;
}

/**
 * Compares what this process remembers of keys with the store, and forgets what still differs after it must have heard of every change. It
 * begins with what is remembered, so that keys which the store has as revoked or deleted, or not at all, are compared like the others.
 */
export async function forgetDiffering(deps: {
  prisma: Db;
  index: Memory;
  stop: AbortSignal;
  batchSize: number;
  /** Called after each batch. */
  heard: () => Promise<unknown>;
}): Promise<Forgotten[]> {
  const { prisma, index, stop, batchSize, heard } = deps;

  async function differing(ids: readonly string[]): Promise<Forgotten[]> {
    const found: Forgotten[] = [];
    for (let start = 0; start < ids.length && !stop.aborted; start += batchSize) {
      const known = ids.slice(start, start + batchSize).flatMap((id) => index.remembered(id) ?? []);
      const rows = new Map(
        (
          await findKeys(
            prisma,
            known.map(({ id }) => id),
          )
        ).map((row) => [row.id, row]),
      );
      for (const state of known) {
        // What was forgotten or read anew meanwhile is of another moment than the rows.
        if (index.remembered(state.id) !== state) continue;
        const detail = differenceOf(state, rows.get(state.id));
        if (detail !== null) found.push({ keyId: state.id, tenantId: state.tenantId, detail });
      }
      await heard();
      // Requests first.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return found;
  }

  const suspects = await differing(index.rememberedIds());
  if (suspects.length === 0) return [];
  await wait(secondLookMs);
  const forgotten = await differing(suspects.map(({ keyId }) => keyId));
  for (const { keyId } of forgotten) index.forget(keyId);
  return forgotten;
}

/** In words for an operator; null: it is the same. */
function differenceOf(known: Known, row: Key | undefined): string | null {
  if (!row) return "This server remembered a key that the database does not have.";
  const stored = toKeyState(row);
  if (isDeepStrictEqual(known, stored)) return null;
  if (stored.revokedAt !== null && known.revokedAt === null) {
    return "This server did not remember that the key is revoked, as the database has it.";
  }
  if (stored.deletedAt !== null && known.deletedAt === null) {
    return "This server did not remember that the key is deleted, as the database has it.";
  }
  return "This server remembered the key otherwise than the database has it.";
}
