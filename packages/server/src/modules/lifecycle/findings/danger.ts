import { restoreWindowMs } from "@keyplane/schema";
import type { Db, Key, KeyFinding, KeySecret } from "../../../platform/database/index.js";
import { findSecretsOfKey } from "../leaks/leaks.store.js";
import { placesCountFrom } from "../shared/shared-keys.store.js";

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

/**
 * The same of what is found of a key at a moment and says that others have a secret of it, by the ids of the findings. Which secret too many
 * use is not known: the one that worked when that was last seen. A leaked secret that is not known of counts as open.
 */
export async function dangersOf(
  db: Db,
  key: Key,
  findings: readonly KeyFinding[],
  at: number,
): Promise<ReadonlyMap<string, Danger>> {
  const inOtherHands = findings.filter(({ kind }) => kind === "LEAKED" || kind === "SHARED");
  if (inOtherHands.length === 0) return new Map();
  const starts = inOtherHands.flatMap(({ start }) => start ?? []);
  const secrets = starts.length === 0 ? [] : await findSecretsOfKey(db, key.id, starts);
  const since = await placesCountFrom(db, key.id, new Date(at));
  const worstOf = ({ start, lastAt }: KeyFinding): Danger => {
    if (start === null)
      return lastAt.getTime() < since ? "NONE" : dangerOf(key, { supersededAt: null, stopsAt: null }, at);
    const dangers = secrets.filter((each) => each.start === start).map((each) => dangerOf(key, each, at));
    const [worst = "OPEN"] = dangers.sort((one, other) => weight[other] - weight[one]);
    return worst;
  };
  return new Map(inOtherHands.map((finding) => [finding.id, worstOf(finding)] as const));
}
