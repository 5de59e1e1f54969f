import { randomBytes } from "node:crypto";
import type { Clock } from "../../../platform/clock.js";
import type { Database } from "../../../platform/database/index.js";
import { KeyplaneError } from "../../../platform/errors.js";
import type { Limited } from "../../../platform/limited.js";
import type { Logger } from "../../../platform/logger.js";
import type { DomainEvent, EventListener } from "../../events/index.js";
import { saysEveryMs } from "../lib/lease-times.js";
import { LeaseHolder } from "./lease-holder.js";
import { LeaseReturns } from "./lease-returns.js";
import { acquire, type Grant, tellUsed } from "./quota.store.js";
import { type OpenLease, QuotaAccount } from "./quota-account.js";
import type { UseFolder } from "./use-folder.js";

/** Of how many leases one statement tells the use. */
const toldAtOnce = 1_000;

/** Calls that wait for one quota are asked for together. */
interface Asking {
  /** What each of them costs, in the order in which they came. */
  readonly costs: number[];
  readonly done: Promise<void>;
}

/** What this process holds of quotas: leases, which it gives back when they are not used, when it stops, and, if it is killed, by its files. */
export class QuotaAccounts implements EventListener {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #folder: UseFolder;
  readonly #holder: LeaseHolder;
  readonly #accounts = new Map<string, QuotaAccount>();
  /** What waits for its turn to ask, and what is being asked. */
  readonly #waiting = new Map<string, Asking>();
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #returns: LeaseReturns;
  readonly #timer: NodeJS.Timeout;
  #isStopping = false;
  #asked = 0;

  /** @param deps.steady counts milliseconds, whoever sets the clock. */
  constructor(deps: { database: Database; clock: Clock; logger: Logger; folder: UseFolder; steady?: () => number }) {
    this.#database = deps.database;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#folder = deps.folder;
    this.#returns = new LeaseReturns(deps);
    this.#holder = new LeaseHolder({ ...deps, id: deps.folder.holder, onLapse: () => this.onGap() });
    // Leases that nobody has used since the last time are given back, and of the others it is said that their holder lives.
    this.#timer = setInterval(() => void this.sweep(), saysEveryMs).unref();
  }

  /** How often the database was asked for a part of a quota. */
  get asked(): number {
    return this.#asked;
  }

  /** Resolves when what was used by now would outlive the end of this process; null: it would. Nobody is answered before. */
  get written(): Promise<void> | null {
    return this.#folder.file.written;
  }

  /** How many leases are held now. */
  get leases(): number {
    let count = this.#returns.size;
    for (const { lease } of this.#accounts.values()) if (lease) count++;
    return count;
  }

  /** The account of a quota, which its holder keeps for as long as it is kept here. */
  of(limited: Limited, quotaId: string): QuotaAccount {
    const held = limited.held.what as QuotaAccount | undefined;
    if (held?.isKept) return held;
    const account = this.get(quotaId);
    limited.held.keep(account);
    return account;
  }

  get(quotaId: string): QuotaAccount {
    let account = this.#accounts.get(quotaId);
    if (!account) {
      account = new QuotaAccount(quotaId, this.#folder.file, this.#holder);
      this.#accounts.set(quotaId, account);
    }
    return account;
  }

  /** What this process holds of a quota in a period and has not used: it counts as used in the database. */
  unused(quotaId: string, period: number): number {
    const account = this.#accounts.get(quotaId);
    return account?.lease?.period === period ? account.unused : 0;
  }

  /** Asks the database for a part of a quota. Those who ask meanwhile are asked for together, and each is told when it may try again. */
  ask(quotaId: string, cost: number): Promise<void> {
    const waiting = this.#waiting.get(quotaId);
    if (waiting) {
      waiting.costs.push(cost);
      return waiting.done;
    }
    const costs = [cost];
    const done = this.#askInTurn(quotaId, costs);
    this.#waiting.set(quotaId, { costs, done });
    return done;
  }

  /** Asks for more without anybody waiting for it. */
  askAhead(quotaId: string): void {
    if (this.#waiting.has(quotaId) || this.#underWay.has(quotaId)) return;
    this.ask(quotaId, 0).catch((err: unknown) =>
      this.#logger.debug({ err, quotaId }, "a lease could not be renewed ahead"),
    );
  }

  async #askInTurn(quotaId: string, costs: readonly number[]): Promise<void> {
    // Others who wait for the same answer ask now, too: after all of them have had their turn.
    await new Promise((resolve) => setImmediate(resolve));
    await this.#underWay.get(quotaId)?.catch(() => undefined);
    // What is granted from now on, nobody would give back.
    if (this.#isStopping) throw new KeyplaneError("UNAVAILABLE");
    this.#waiting.delete(quotaId);
    const asking = this.#ask(quotaId, costs).finally(() => this.#underWay.delete(quotaId));
    this.#underWay.set(quotaId, asking);
    return asking;
  }

  async #ask(quotaId: string, costs: readonly number[]): Promise<void> {
    if (!this.#holder.isHeard(this.#clock.now())) await this.#sayThatItLives();
    // What is on its way back would be missed by whoever asks meanwhile, and be told to be used up.
    await this.#returns.comeBack(quotaId);
    // The database is away, still: one of these for each quota is enough.
    if (this.#returns.hasUnheard(quotaId)) throw new KeyplaneError("UNAVAILABLE");
    this.#asked += 1;
    const account = this.get(quotaId);
    const now = this.#clock.now();
    const { lapses } = this.#holder;
    const { lease, free } = account;
    const held = lease && { id: lease.id, period: lease.period, used: lease.used };
    const newLeaseId = randomBytes(16).toString("hex");
    // Its place first: what was given and has none would be lost, where the disk is full.
    const slot = this.#folder.file.begin(newLeaseId);
    const nothing = { period: 0, granted: 0, used: 0, reserved: 0, onFree: [] };
    const place: OpenLease = { ...nothing, id: newLeaseId, quotaId, slot, lapses };
    const { id: holder } = this.#holder;
    let grant: Grant | null;
    try {
      grant = await this.#database.transaction((tx) =>
        acquire(tx, { quotaId, holder, lease: held, newLeaseId, costs, free, now }),
      );
    } catch (err) {
      // It may have been given all the same, where only the answer was lost. Giving back what does not exist changes nothing.
      this.#returns.add({ ...place, isUnheard: true });
      throw err;
    }
    const isNew = grant !== null && grant.granted > 0 && grant.lease.id === newLeaseId;
    const begun = isNew && grant ? { ...place, period: grant.lease.period, granted: grant.granted } : null;
    if (!begun) this.#folder.file.end(slot);
    const hasLapsed = this.#holder.lapses !== lapses;
    if (account.lease !== lease || this.#accounts.get(quotaId) !== account || hasLapsed) {
      // An event has come between: what was given is as good as not used, and is given back.
      if (begun) this.#returns.add(begun);
      return;
    }
    const over = account.took(grant, begun, now);
    if (over) this.#returns.add(over);
  }

  /** Forgets what is known of a quota, and gives back what is held. */
  forget(quotaId: string): void {
    const lease = this.#accounts.get(quotaId)?.forget();
    if (lease) this.#returns.add(lease);
  }

  /** As `forget`; resolves when it was tried, after all calls for which something is kept of it have used that or not. */
  async giveBack(quotaId: string | null): Promise<void> {
    if (quotaId === null) return;
    this.forget(quotaId);
    await this.#returns.comeBack(quotaId);
  }

  /** As `giveBack`, where the period is over that this process holds a part of; else does nothing. */
  async giveBackEnded(quotaId: string, now: number): Promise<void> {
    const account = this.#accounts.get(quotaId);
    if (account?.lease && account.hasEnded(now)) await this.giveBack(quotaId);
  }

  onEvent({ subjectId }: DomainEvent): void {
    if (subjectId !== undefined) this.forget(subjectId);
  }

  onGap(): void {
    for (const quotaId of this.#accounts.keys()) this.forget(quotaId);
  }

  /** Gives back what nobody has used since the last time, and says that this process lives while it holds more. Never rejects. */
  async sweep(): Promise<void> {
    for (const [quotaId, account] of this.#accounts) {
      if (account.isUsed) account.isUsed = false;
      else if (!this.#waiting.has(quotaId) && !this.#underWay.has(quotaId)) {
        this.forget(quotaId);
        account.isKept = false;
        this.#accounts.delete(quotaId);
      }
    }
    await Promise.all([this.#returns.settled(), this.leases > 0 ? this.#tellUsed() : null]);
  }

  async #sayThatItLives(): Promise<void> {
    // Before: whoever has taken this process for lost may be settling what it has left, and then it takes nothing.
    await this.#folder.renew();
    await this.#holder.say();
  }

  async #tellUsed(): Promise<void> {
    try {
      await this.#sayThatItLives();
      const leases = [...this.#accounts.values()].flatMap(({ lease }) => lease ?? []).filter(({ used }) => used > 0);
      for (let from = 0; from < leases.length; from += toldAtOnce) {
        await tellUsed(this.#database.prisma, leases.slice(from, from + toldAtOnce));
      }
    } catch (err) {
      this.#logger.warn({ err }, "that this server uses its parts of quotas could not be said; it is tried again");
    }
  }

  /** Resolves when everything that is to be given back by now was tried. */
  settled(): Promise<void> {
    return this.#returns.settled();
  }

  /** Settles what processes of this data folder have left that were killed. Never rejects. */
  adopt(): Promise<void> {
    return this.#returns.adopt();
  }

  /** Leaves everything as a process does that is killed. For tests. */
  abandon(): void {
    clearInterval(this.#timer);
    this.#isStopping = true;
    this.#folder.close(false);
  }

  /** Gives everything back. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#isStopping = true;
    await Promise.allSettled([...this.#waiting.values()].map(({ done }) => done));
    await Promise.allSettled(this.#underWay.values());
    for (const quotaId of this.#accounts.keys()) this.forget(quotaId);
    await this.#returns.stop();
  }
}
