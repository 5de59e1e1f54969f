import type { VerdictCode } from "@keyplane/schema";
import type { Collection, Db } from "mongodb";
import type { UsageSource } from "../usage-event.js";
import { type TierName, tiers } from "./tiers.js";

/** A raw event: inserted once, by its unique `_id`, and never changed. Absent fields are left out. */
export interface EventDocument {
  /** `<tenant>:<id that the sender gave>`, or `<segment>:<line>` for the server's own. */
  readonly _id: string;
  readonly at: Date;
  readonly tenantId?: string;
  readonly keyId?: string;
  readonly userId?: string;
  readonly code: VerdictCode;
  readonly api?: string;
  readonly cost: number;
  readonly tags?: readonly string[];
  readonly meters?: Readonly<Record<string, number>>;
  readonly latencyMs?: number;
  readonly ip?: string;
  readonly userAgent?: string;
  readonly start?: string;
  readonly source: UsageSource;
  /** The segment of the spool whose shipping counts this event: whoever inserted it first. */
  readonly segment: string;
  /** When it was inserted; what retention counts from. */
  readonly insertedAt: Date;
}

/** An event's id as its reader knows it: what the sender gave, or the server's own. */
export function idOfEvent({ _id, source }: Pick<EventDocument, "_id" | "source">): string {
  return source === "SDK" ? _id.slice(_id.indexOf(":") + 1) : _id;
}

/** A number for each slot of a row's span; a slot's name is its index. Slots without any are left out. */
export type Slots = Readonly<Record<string, number>>;

/** Counts of all events of one tenant, key, user, API, code and set of tags, within one span of a tier. */
export interface RowDocument {
  readonly _id: string;
  readonly tenantId: string;
  /** The beginning of the span. */
  readonly start: Date;
  readonly keyId?: string;
  readonly userId?: string;
  readonly api?: string;
  readonly code: VerdictCode;
  /** Sorted; absent when the events carry none. */
  readonly tags?: readonly string[];
  readonly count: Slots;
  readonly cost?: Slots;
  /** By slot, then by index of the latency histogram. */
  readonly latency?: Readonly<Record<string, Slots>>;
  /** By name of the meter, then by slot. */
  readonly meters?: Readonly<Record<string, Slots>>;
  /** The last segment of each spool that is counted in here: what makes a retry change nothing. */
  readonly applied: Readonly<Record<string, number>>;
}

/** A segment of a spool that was shipped: a journal of what was counted, kept for a day. */
export interface SegmentDocument {
  /** `<spool>.<number>`. */
  readonly _id: string;
  readonly insertedAt: Date;
  /** When events of it were inserted, by each attempt that did: they are found by these. Absent in those of older servers. */
  readonly inserted?: readonly Date[];
  /** How many events it held, and how many of those had been counted before. */
  readonly events: number;
  readonly duplicates: number;
  /** New events by tenant and code. */
  readonly counts: Readonly<Record<string, Readonly<Partial<Record<VerdictCode, number>>>>>;
}

/** That a key was used from somewhere: one for each address, network and program that a key was accepted from. */
export interface OriginDocument {
  /** Made of what it is about, so that it is there once. */
  readonly _id: string;
  readonly tenantId: string;
  readonly keyId: string;
  readonly kind: "ADDRESS" | "NETWORK" | "USER_AGENT";
  readonly value: string;
  /** When that was last, up to half an hour early. */
  readonly lastAt: Date;
  /** When it was written; what retention counts from. */
  readonly seenAt: Date;
}

/** Whose turn it is to do something that one of all servers does. */
export interface TurnDocument {
  /** What is done. */
  readonly _id: string;
  /** From when on somebody may take the next turn. */
  readonly nextAt: Date;
}

/** How far a running server has shipped its spool. */
export interface SpoolDocument {
  /** The spool's id. */
  readonly _id: string;
  /** All events that it spooled before this instant are counted. */
  readonly completeUntil: Date;
  readonly seenAt: Date;
}

export interface UsageCollections {
  readonly events: Collection<EventDocument>;
  readonly rows: Readonly<Record<TierName, Collection<RowDocument>>>;
  readonly segments: Collection<SegmentDocument>;
  readonly spools: Collection<SpoolDocument>;
  readonly origins: Collection<OriginDocument>;
  readonly turns: Collection<TurnDocument>;
}

export function collectionsOf(db: Db): UsageCollections {
  return {
    events: db.collection("usage_events"),
    rows: {
      minutes: db.collection(tiers.minutes.collection),
      hours: db.collection(tiers.hours.collection),
      days: db.collection(tiers.days.collection),
    },
    segments: db.collection("usage_segments"),
    spools: db.collection("usage_spools"),
    origins: db.collection("usage_origins"),
    turns: db.collection("usage_turns"),
  };
}
