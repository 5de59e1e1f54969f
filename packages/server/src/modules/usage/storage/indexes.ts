import { type Db, type IndexDescription, MongoServerError } from "mongodb";
import { originsKeptMs } from "../origins/limits.js";
import { type Retention, rawKeptMs, type Tier, tiers } from "./tiers.js";

const dayMs = 24 * 60 * 60_000;

interface Plan {
  readonly collection: string;
  readonly indexes: readonly IndexDescription[];
  /** The field that MongoDB counts a document's age from, and how old it gets, in milliseconds. */
  readonly expiry: { readonly field: string; readonly afterMs: number };
}

function plans(retention: Retention): readonly Plan[] {
  const rows = (tier: Tier, keptMs: number): Plan => ({
    collection: tier.collection,
    indexes: [{ key: { tenantId: 1, start: 1 } }, { key: { tenantId: 1, keyId: 1, start: 1 } }],
    // A row begins with its span: its last slot must be kept as long as was promised.
    expiry: { field: "start", afterMs: keptMs + tier.spanMs },
  });
  return [
    {
      collection: "usage_events",
      indexes: [{ key: { tenantId: 1, at: -1, _id: -1 } }, { key: { tenantId: 1, keyId: 1, at: -1, _id: -1 } }],
      expiry: { field: "insertedAt", afterMs: rawKeptMs(retention) },
    },
    rows(tiers.minutes, retention.minutesMs),
    rows(tiers.hours, retention.hoursMs),
    rows(tiers.days, retention.daysMs),
    {
      collection: "usage_origins",
      indexes: [{ key: { tenantId: 1, lastAt: 1 } }, { key: { tenantId: 1, keyId: 1, lastAt: -1 } }],
      expiry: { field: "seenAt", afterMs: originsKeptMs },
    },
    { collection: "usage_segments", indexes: [], expiry: { field: "insertedAt", afterMs: dayMs } },
  ];
}

/**
 * Makes the indexes of usage, and has MongoDB delete what is older than the retention. Does nothing where they are so
 * already; a changed retention changes the index in place.
 */
export async function ensureIndexes(db: Db, retention: Retention): Promise<void> {
  for (const { collection, indexes, expiry } of plans(retention)) {
    if (indexes.length > 0) await db.collection(collection).createIndexes([...indexes]);
    await ensureExpiry(db, collection, expiry.field, Math.ceil(expiry.afterMs / 1_000));
  }
  await keepForGood(db, "usage_spools", "seenAt");
}

/** A server of before had MongoDB forget how far a silent server was, and then claimed too much. */
async function keepForGood(db: Db, collection: string, field: string): Promise<void> {
  try {
    await db.collection(collection).dropIndex({ [field]: 1 } as never);
  } catch (error) {
    // NamespaceNotFound, IndexNotFound: there is none.
    if (!(error instanceof MongoServerError && (error.code === 26 || error.code === 27))) throw error;
  }
}

async function ensureExpiry(db: Db, collection: string, field: string, expireAfterSeconds: number): Promise<void> {
  try {
    await db.collection(collection).createIndexes([{ key: { [field]: 1 }, expireAfterSeconds }]);
  } catch (error) {
    // IndexOptionsConflict: it exists with another time.
    if (!(error instanceof MongoServerError && error.code === 85)) throw error;
    await db.command({ collMod: collection, index: { keyPattern: { [field]: 1 }, expireAfterSeconds } });
  }
}
