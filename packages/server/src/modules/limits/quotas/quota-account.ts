import type { QuotaState } from "@keyplane/schema";
import { limitTargetOf } from "../../../platform/limited.js";
import type { LeaseHolder } from "./lease-holder.js";
import type { Grant } from "./quota.store.js";
import type { UseFile } from "./use-file.js";

/** For how long it believes that a quota is used up, although another server may have given something back. Milliseconds. */
const usedUpMs = 1_000;
/** How long a call waits for what is kept for others before everything is tried again, in milliseconds; and how many of them wait. */
const longestWaitMs = 250;
const maxWaiting = 1_000;
/** More is asked for ahead, when less is left of a lease than this part of what was given last. */
const aheadPart = 4;

/** A lease in use. */
export interface OpenLease {
  readonly id: string;
  readonly quotaId: string;
  readonly period: number;
  readonly slot: number;
  /** How often its holder may have been taken for lost when it was asked for. */
  readonly lapses: number;
  /** Whether nobody knows if it was given: it is used for nothing, and given back. */
  readonly isUnheard?: true;
  granted: number;
  used: number;
  /** What is kept for calls that something else may still refuse. Nobody else can use it, and it is not used yet. */
  reserved: number;
  /** Called when nothing is kept of it any more. */
  readonly onFree: (() => void)[];
}

/** Resolves when nothing is kept of a lease for calls. */
export function isFree(lease: OpenLease): Promise<void> {
  return lease.reserved === 0 ? Promise.resolve() : new Promise((resolve) => lease.onFree.push(resolve));
}

/** What is kept of a lease for one call. One of the last two must be called, once. */
export interface Reservation {
  /** Whether it can be charged: not when others may have taken this process for lost, and dropped the lease. */
  isGood(now: number): boolean;
  /** Uses it. Written before anybody is answered. */
  charge(): void;
  release(): void;
}

const nothingReserved: Reservation = { isGood: () => true, charge: () => {}, release: () => {} };

/**
 * What a call can get of a quota: at once, not at all, only the database knows, or it depends on calls for which something is kept: they
 * use it, or they do not.
 */
export type Answer = "enough" | "too little" | "unknown" | "reserved";

/** What this process knows and holds of one quota. All of it is plain arithmetic, so that a call is checked and charged in one go. */
export class QuotaAccount {
  readonly quotaId: string;
  lease: OpenLease | null = null;
  /** The quota as it was last heard of; null: not at all, or it was changed since. */
  #known: Grant["quota"] | null = null;
  /** When its period ends, in epoch milliseconds; Infinity: never. */
  #endsAt = Number.NEGATIVE_INFINITY;
  #heardAt = Number.NEGATIVE_INFINITY;
  #lastGranted = 0;
  /** Whose quota it is; null: not known yet. */
  #targetId: string | null = null;
  /** Whether there is no such quota any more. */
  isGone = false;
  /** Whether this is the one account of its quota: another takes its place when nobody has used it for a while. */
  isKept = true;
  /** Whether it was asked for since somebody last looked. */
  isUsed = false;
  /** Calls that wait until what is kept of it for others is used or not. */
  readonly #waiting = new Set<{ readonly cost: number; readonly proceed: () => void }>();
  readonly #file: UseFile;
  readonly #holder: LeaseHolder;

  constructor(quotaId: string, file: UseFile, holder: LeaseHolder) {
    this.quotaId = quotaId;
    this.#file = file;
    this.#holder = holder;
  }

  /** What can be used at once. */
  get free(): number {
    return this.lease ? this.lease.granted - this.lease.used - this.lease.reserved : 0;
  }

  /** The same with what is kept for calls. */
  get unused(): number {
    return this.lease ? this.lease.granted - this.lease.used : 0;
  }

  /** Whether it is the quota of something with this id, as far as that is known: a row that was changed past Keyplane may name another's. */
  isOf(targetId: string): boolean {
    return this.#targetId === null || this.#targetId === targetId;
  }

  /** Whether the period that it knows is over. */
  hasEnded(now: number): boolean {
    return now >= this.#endsAt;
  }

  /**
   * Whether what is known and held counts at a time: not in another period, nor when others may have taken this process for lost. Changes of
   * the quota are heard by events, and whoever may have missed one forgets everything.
   */
  #isCurrent(now: number): boolean {
    return !this.hasEnded(now) && this.#holder.isHeard(now);
  }

  look(cost: number, now: number): Answer {
    this.isUsed = true;
    if (this.isGone) return "enough";
    if (!this.#known || !this.#isCurrent(now)) return "unknown";
    const { free } = this;
    if (free >= cost) return "enough";
    if (now - this.#heardAt >= usedUpMs) return "unknown";
    const elsewhere = this.#elsewhere(this.#known);
    if (elsewhere + free >= cost) return "unknown";
    return elsewhere + this.unused >= cost ? "reserved" : "too little";
  }

  /** Takes what `look` has found to be enough. Written before anybody is answered. */
  charge(cost: number): void {
    if (this.lease && cost > 0) this.#use(this.lease, cost);
  }

  /** Keeps what `look` has found to be enough for a call that something else may still refuse. */
  reserve(cost: number): Reservation {
    const { lease } = this;
    if (!lease || cost === 0) return nothingReserved;
    lease.reserved += cost;
    const end = (): void => {
      lease.reserved -= cost;
      if (lease.reserved === 0) for (const each of lease.onFree.splice(0)) each();
      this.#letOthersProceed();
    };
    return {
      isGood: (now) => this.#holder.isHeard(now) && lease.lapses === this.#holder.lapses,
      charge: () => {
        this.#use(lease, cost);
        end();
      },
      release: end,
    };
  }

  /**
   * Waits, where `look` has said that it depends on what is kept for others. Resolves when there may be enough for this cost, or certainly is not;
   * and in any case after a while, in which smaller calls may have come first.
   */
  whenUnreserved(cost: number): Promise<void> {
    if (this.#waiting.size >= maxWaiting) return Promise.resolve();
    return new Promise((resolve) => {
      const proceed = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
        resolve();
      };
      const waiting = { cost, proceed };
      const timer = setTimeout(proceed, longestWaitMs);
      this.#waiting.add(waiting);
    });
  }

  /** Those for whom there is enough now, in the order of coming, and those for whom there will not be. */
  #letOthersProceed(): void {
    let { free } = this;
    const most = this.#known ? this.#elsewhere(this.#known) + this.unused : 0;
    for (const { cost, proceed } of this.#waiting) {
      if (cost <= free) free -= cost;
      else if (cost <= most) continue;
      proceed();
    }
  }

  /** What nobody holds. */
  #elsewhere({ limit, toppedUp, used }: Grant["quota"]): number {
    return limit + toppedUp - used;
  }

  #use(lease: OpenLease, cost: number): void {
    this.#file.use(lease.slot, lease.used + cost);
    lease.used += cost;
  }

  /** Whether more should be asked for before somebody has to wait for it. */
  runsLow(): boolean {
    if (this.isGone || !this.lease || this.#lastGranted < 2 * aheadPart) return false;
    return this.free < this.#lastGranted / aheadPart;
  }

  /**
   * Takes what the database has granted.
   *
   * @param begun the lease of it, where that is another one than before.
   * @returns the lease of an earlier period, which is to be settled.
   */
  took(grant: Grant | null, begun: OpenLease | null, now: number): OpenLease | null {
    const before = this.lease;
    this.#heardAt = now;
    this.isGone = grant === null;
    this.#known = grant?.quota ?? null;
    this.#endsAt = grant?.quota.periodEnd?.getTime() ?? Number.POSITIVE_INFINITY;
    if (!grant) {
      this.lease = null;
      return before;
    }
    this.#targetId = grant.quota.targetId;
    this.#lastGranted = grant.granted;
    if (before && before.id === grant.lease.id && before.period === grant.quota.period) {
      before.granted += grant.granted;
      return null;
    }
    this.lease = begun;
    return before;
  }

  /** What is known counts no more. @returns the lease, which is to be settled. */
  forget(): OpenLease | null {
    const { lease } = this;
    this.lease = null;
    this.#known = null;
    this.isGone = false;
    this.#letOthersProceed();
    return lease;
  }

  /** Where the quota stands; null when that is not known. */
  state(exceeded: boolean): QuotaState | null {
    if (!this.#known) return null;
    const { limit, toppedUp, used } = this.#known;
    const inUse = Math.max(0, used - this.unused);
    return {
      limit: limit + toppedUp,
      used: inUse,
      remaining: Math.max(0, limit + toppedUp - inUse),
      resetAt: this.#endsAt === Number.POSITIVE_INFINITY ? null : this.#endsAt,
      exceeded,
      target: limitTargetOf(this.#targetId ?? ""),
    };
  }
}
