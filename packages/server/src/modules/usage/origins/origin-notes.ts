import { hash } from "node:crypto";
import { networkOf, wideNetworkOf } from "@keyplane/schema";
import { type Collection, MongoBulkWriteError } from "mongodb";
import type { OriginDocument } from "../storage/documents.js";
import type { UsageEvent } from "../usage-event.js";

const dayMs = 24 * 60 * 60_000;
/** How much later an origin must be used again to be written again, in milliseconds: `lastAt` may be as much too early. */
const everyMs = 30 * 60_000;
/** How many pairs of address and program of one key are written in a day, of one server; far beyond every bound. */
const maxPerKey = 3_000;
/** How many pairs are remembered; with more, some are written again for nothing. */
const maxRemembered = 200_000;
/** How many go into one write: small enough that a question in between need not wait long. */
const writtenAtOnce = 1_000;
/** MongoDB's code for a document whose `_id` exists. */
const duplicateKey = 11_000;

type Call = Pick<UsageEvent, "at" | "tenantId" | "keyId" | "code" | "ip" | "userAgent">;

/** What was written of one key today: when each pair of address and program was last, epoch milliseconds. */
interface KeyNotes {
  readonly day: number;
  readonly pairs: Map<string, number>;
}

/**
 * Keeps from where keys were used: the address (of IPv6 its /64, within which machines change theirs by themselves), the network around
 * it (/24, /48) and the program, as far as the verifier told them. Only accepted calls count: whoever is refused does not use the key.
 *
 * A call whose pair was written within half an hour costs one look-up in memory. Writing twice comes to the same, so that whoever
 * ships a segment again does no harm, and several servers need not know of one another.
 */
export class OriginNotes {
  readonly #origins: Collection<OriginDocument>;
  readonly #keys = new Map<string, KeyNotes>();
  #remembered = 0;

  constructor(origins: Collection<OriginDocument>) {
    this.#origins = origins;
  }

  /**
   * @param rest called between pieces of the work, so that it need not be done in one go.
   * @throws whatever the driver throws: then all of them have to be noted again.
   */
  async note(calls: readonly Call[], now: Date, rest: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const writes = new Map<string, OriginDocument>();
    for (const call of calls) {
      if (!this.#isNew(call, now)) continue;
      for (const origin of originsOf(call, now)) {
        const known = writes.get(origin._id);
        if (!known || known.lastAt < origin.lastAt) writes.set(origin._id, origin);
      }
    }
    const documents = [...writes.values()];
    try {
      for (let start = 0; start < documents.length; start += writtenAtOnce) {
        await this.#write(documents.slice(start, start + writtenAtOnce));
        await rest();
      }
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** Whether a call comes from where its key was not used lately; remembers that it does. */
  #isNew({ at, tenantId, keyId, code, ip, userAgent }: Call, now: Date): boolean {
    if (tenantId === undefined || keyId === undefined || code !== "VALID") return false;
    if (ip === undefined && userAgent === undefined) return false;
    const day = Math.floor(now.getTime() / dayMs);
    let notes = this.#keys.get(keyId);
    if (notes?.day !== day) {
      this.#remembered -= notes?.pairs.size ?? 0;
      notes = { day, pairs: new Map() };
      this.#keys.set(keyId, notes);
    }
    const pair = `${ip ?? ""} ${userAgent ?? ""}`;
    const last = notes.pairs.get(pair);
    if (last === undefined ? notes.pairs.size >= maxPerKey : at < last + everyMs) return false;
    if (last === undefined) this.#remembered += 1;
    notes.pairs.set(pair, at);
    if (this.#remembered > maxRemembered) this.#forget();
    return true;
  }

  #forget(): void {
    this.#keys.clear();
    this.#remembered = 0;
  }

  async #write(documents: readonly OriginDocument[]): Promise<void> {
    const updates = documents.map(({ _id, lastAt, seenAt, ...rest }) => ({
      updateOne: { filter: { _id }, update: { $max: { lastAt, seenAt }, $setOnInsert: rest }, upsert: true },
    }));
    try {
      await this.#origins.bulkWrite(updates, { ordered: false });
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) throw error;
      // Another server has written the same at the same moment.
      if ([error.writeErrors].flat().some(({ code }) => code !== duplicateKey)) throw error;
    }
  }
}

function originsOf({ at, tenantId = "", keyId = "", ip, userAgent }: Call, seenAt: Date): OriginDocument[] {
  const wide = ip === undefined ? null : wideNetworkOf(ip);
  const values: [OriginDocument["kind"], string][] = [];
  if (ip !== undefined && wide !== null) values.push(["ADDRESS", networkOf(ip)], ["NETWORK", wide]);
  if (userAgent) values.push(["USER_AGENT", userAgent]);
  return values.map(([kind, value]) => ({
    _id: hash("sha256", `${tenantId}\n${keyId}\n${kind}\n${value}`, "base64url"),
    tenantId,
    keyId,
    kind,
    value,
    lastAt: new Date(at),
    seenAt,
  }));
}
