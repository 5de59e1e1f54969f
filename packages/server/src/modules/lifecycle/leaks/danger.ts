import { restoreWindowMs } from "@keyplane/schema";
import type { Db, Key, KeyFinding, KeySecret } from "../../../platform/database/index.js";
import { findSecretsOfKey } from "./leaks.store.js";

/**
 * What a secret that others know can still do: OPEN: it is accepted, or is once the key is enabled; DORMANT: its key has expired or is
 * deleted, and it is accepted again when somebody extends or restores the key; NONE: it is never accepted again.
 */
export type Danger = "OPEN" | "DORMANT" | "NONE";

/** @param at epoch milliseconds; the key as it was then. */
export function dangerOf(
  { revokedAt, deletedAt, expiresAt }: Pick<Key, "revokedAt" | "deletedAt" | "expiresAt">,
  { supersededAt, stopsAt }: Pick<KeySecret, "supersededAt" | "stopsAt">,
  at: number,
): Danger {
  const isBefore = (time: Date | null): boolean => time !== null && time.getTime() <= at;
  if (revokedAt || (deletedAt && deletedAt.getTime() + restoreWindowMs <= at)) return "NONE";
  if (isBefore(supersededAt) && (stopsAt === null || isBefore(stopsAt))) return "NONE";
  return deletedAt || isBefore(expiresAt) ? "DORMANT" : "OPEN";
}

const weight = { NONE: 0, DORMANT: 1, OPEN: 2 } as const;

/** The same of the leaks of a key at a moment, by the ids of their findings. What a secret is not known of, counts as open. */
export async function dangersOf(
  db: Db,
  key: Key,
  findings: readonly KeyFinding[],
  at: number,
): Promise<ReadonlyMap<string, Danger>> {
  const leaks = findings.filter(({ kind }) => kind === "LEAKED");
  if (leaks.length === 0) return new Map();
  const starts = leaks.flatMap(({ start }) => start ?? []);
  const secrets = await findSecretsOfKey(db, key.id, starts);
  return new Map(
    leaks.map((leak) => {
      const dangers = secrets.filter(({ start }) => start === leak.start).map((each) => dangerOf(key, each, at));
      const [worst = "OPEN"] = dangers.sort((one, other) => weight[other] - weight[one]);
      return [leak.id, worst] as const;
    }),
  );
}
