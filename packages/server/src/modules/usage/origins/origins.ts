import { MongoServerError } from "mongodb";
import type { OriginDocument, UsageCollections } from "../storage/documents.js";

/** How long MongoDB may work on one question, in milliseconds. */
const readMs = 15_000;
/** MongoDB's code for a document whose `_id` exists. */
const duplicateKey = 11_000;

/** From how many places a key was used. */
export interface KeyOrigins {
  readonly addresses: number;
  readonly networks: number;
  readonly userAgents: number;
}

export interface ManyOriginsQuestion {
  readonly tenantId: string;
  /** Since when, epoch milliseconds. */
  readonly from: number;
  /** The bounds, and whether a key must be above all of them or one. */
  readonly above: readonly { readonly of: keyof KeyOrigins; readonly max: number }[];
  readonly all: boolean;
  /** How many keys at most, those of most networks first. */
  readonly take: number;
}

export interface OriginsOfKeyQuestion {
  readonly tenantId: string;
  readonly keyId: string;
  readonly from: number;
  /** How many of each kind are told, the latest first. */
  readonly samples: number;
}

export interface OriginsOfKey extends KeyOrigins {
  readonly samples: { readonly networks: string[]; readonly addresses: string[]; readonly userAgents: string[] };
}

const ofKind = (kind: OriginDocument["kind"]) => ({ $sum: { $cond: [{ $eq: ["$kind", kind] }, 1, 0] } });
const counts = { addresses: ofKind("ADDRESS"), networks: ofKind("NETWORK"), userAgents: ofKind("USER_AGENT") };

/** The keys of a tenant that were used from more places than the bounds say. Reads the places of the window, not its calls. */
export async function keysOfManyOrigins(
  { origins }: UsageCollections,
  { tenantId, from, above, all, take }: ManyOriginsQuestion,
): Promise<(KeyOrigins & { readonly keyId: string })[]> {
  if (above.length === 0) return [];
  const found = await origins
    .aggregate<KeyOrigins & { _id: string }>(
      [
        { $match: { tenantId: { $eq: tenantId }, lastAt: { $gte: new Date(from) } } },
        { $group: { _id: "$keyId", ...counts } },
        { $match: { [all ? "$and" : "$or"]: above.map(({ of, max }) => ({ [of]: { $gt: max } })) } },
        { $sort: { networks: -1, _id: 1 } },
        { $limit: take },
      ],
      { maxTimeMS: readMs },
    )
    .toArray();
  return found.map(({ _id, ...rest }) => ({ keyId: _id, ...rest }));
}

/** From where one key was used. */
export async function originsOfKey(
  { origins }: UsageCollections,
  { tenantId, keyId, from, samples }: OriginsOfKeyQuestion,
): Promise<OriginsOfKey> {
  const condition = { tenantId: { $eq: tenantId }, keyId: { $eq: keyId }, lastAt: { $gte: new Date(from) } };
  const options = { maxTimeMS: readMs };
  const [counted] = await origins
    .aggregate<KeyOrigins>([{ $match: condition }, { $group: { _id: null, ...counts } }], options)
    .toArray();
  const latest = async (kind: OriginDocument["kind"]): Promise<string[]> => {
    const query = origins.find({ ...condition, kind }, { ...options, sort: { lastAt: -1 }, limit: samples });
    return (await query.toArray()).map(({ value }) => value);
  };
  const { addresses = 0, networks = 0, userAgents = 0 } = counted ?? {};
  return {
    addresses,
    networks,
    userAgents,
    samples: {
      addresses: await latest("ADDRESS"),
      networks: await latest("NETWORK"),
      userAgents: await latest("USER_AGENT"),
    },
  };
}

/**
 * Takes the turn to do something that one of all servers on this store does, where it is due.
 *
 * @param turn times are epoch milliseconds.
 * @returns whether it is the caller's; then nobody takes the next one before `nextAt`.
 */
export async function takeTurn(
  { turns }: UsageCollections,
  { what, now, nextAt }: { readonly what: string; readonly now: number; readonly nextAt: number },
): Promise<boolean> {
  const update = { $set: { nextAt: new Date(nextAt) } };
  if ((await turns.updateOne({ _id: what, nextAt: { $lte: new Date(now) } }, update)).matchedCount === 1) return true;
  try {
    const first = { $setOnInsert: { nextAt: new Date(nextAt) } };
    return (await turns.updateOne({ _id: what }, first, { upsert: true })).upsertedCount === 1;
  } catch (error) {
    if (error instanceof MongoServerError && error.code === duplicateKey) return false; // somebody was first
    throw error;
  }
}
