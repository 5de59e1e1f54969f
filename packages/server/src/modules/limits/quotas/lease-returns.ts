import type { Database } from "../../../platform/database/index.js";
import type { Logger } from "../../../platform/logger.js";
import {
  findLeases,
  findLeasesOfLost,
  forgetHolder,
  forgetLostHolders,
  type HeldLease,
  settle,
} from "./quota.store.js";
import { isFree, type OpenLease } from "./quota-account.js";
import type { UseFolder } from "./use-folder.js";

/** How many leases one statement ends. */
const settledAtOnce = 1_000;

/** Brings leases back: those that this process uses no more, and those that processes have left that were killed. */
export class LeaseReturns {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #folder: UseFolder;
  /** Leases that are to be given back, with those whose giving back has failed. */
  readonly #leaving = new Set<OpenLease>();
  #settling: Promise<void> = Promise.resolve();
  #nextSettling: Promise<void> | null = null;
  readonly #stopping = new AbortController();
  #adopting: Promise<void> = Promise.resolve();

  constructor({ database, logger, folder }: { database: Database; logger: Logger; folder: UseFolder }) {
    this.#database = database;
    this.#logger = logger;
    this.#folder = folder;
  }

  /** How many are not back yet. */
  get size(): number {
    return this.#leaving.size;
  }

  /** Whether nobody knows of a lease of a quota if it was given, and nothing has come back since. */
  hasUnheard(quotaId: string): boolean {
    for (const lease of this.#leaving) if (lease.isUnheard && lease.quotaId === quotaId) return true;
    return false;
  }

  /** Gives a lease back, as soon as nothing is kept of it for calls. */
  add(lease: OpenLease): void {
    this.#leaving.add(lease);
    void isFree(lease).then(() => this.settled());
  }

  /** Resolves when everything that is to be given back by now was tried. */
  settled(): Promise<void> {
    // Those that come meanwhile are settled together by the next round.
    this.#nextSettling ??= this.#settling.then(() => {
      this.#nextSettling = null;
      this.#settling = this.#settleAll();
      return this.#settling;
    });
    return this.#nextSettling;
  }

  /** As `settled`, after all calls for which something is kept of a lease of the quota have used that or not. */
  async comeBack(quotaId: string): Promise<void> {
    if (this.#leaving.size === 0) return;
    const leaving = [...this.#leaving].filter((lease) => lease.quotaId === quotaId);
    if (leaving.length === 0) return;
    await Promise.all(leaving.map(isFree));
    await this.settled();
  }

  /** Gives back what is to be given back. Never rejects: what fails is tried again with the next time. */
  async #settleAll(): Promise<void> {
    // Calls for which something is kept of a lease may still use it.
    const leases = [...this.#leaving].filter(({ reserved }) => reserved === 0);
    try {
      await this.#settleInParts(leases, (some) => {
        for (const lease of some) {
          this.#folder.file.end(lease.slot);
          this.#leaving.delete(lease);
        }
      });
    } catch (err) {
      this.#logger.warn({ err, leases: leases.length }, "leases of quotas could not be given back; it is tried again");
    }
  }

  async #settleInParts<Lease extends Parameters<typeof settle>[1][number]>(
    leases: readonly Lease[],
    onSettled: (some: readonly Lease[]) => void = () => {},
  ): Promise<void> {
    for (let from = 0; from < leases.length; from += settledAtOnce) {
      const some = leases.slice(from, from + settledAtOnce);
      await this.#database.transaction((tx) => settle(tx, some));
      onSettled(some);
    }
  }

  /** Settles what processes of this data folder have left that were killed. Never rejects. */
  adopt(): Promise<void> {
    this.#adopting = this.#adopting.then(() => this.#adopt());
    return this.#adopting;
  }

  async #adopt(): Promise<void> {
    try {
      const { prisma } = this.#database;
      // Of those that may live: what they held when they were lost, and nothing that they take when they come back.
      const lost = new Map<string, readonly HeldLease[]>();
      const isLost = async (holder: string): Promise<boolean> => {
        const leases = await findLeasesOfLost(prisma, holder);
        if (leases) lost.set(holder, leases);
        return leases !== null;
      };
      for await (const { holder, used, remove } of this.#folder.leftBehind(
        this.#logger,
        isLost,
        this.#stopping.signal,
      )) {
        const lostLeases = lost.get(holder);
        // A lease that is not in the file was never used: its place is made before.
        const leases = (lostLeases ?? (await findLeases(prisma, holder))).map(({ id }) => ({
          id,
          used: used === null ? null : (used.get(id) ?? 0),
        }));
        await this.#settleInParts(leases);
        if (!lostLeases) await forgetHolder(prisma, holder);
        remove();
      }
      await forgetLostHolders(prisma);
    } catch (err) {
      this.#logger.warn({ err }, "what killed processes have used of quotas could not be settled; it is tried again");
    }
  }

  /** Settles everything that this process holds, and closes its file. It takes nothing any more. Never rejects. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#adopting;
    await this.settled();
    let isSettled = this.#leaving.size === 0;
    const { holder } = this.#folder;
    try {
      // Those of which this process never heard that they were given: nothing is used of them, as its file says.
      const unheard = await findLeases(this.#database.prisma, holder);
      const known = new Set([...this.#leaving].map(({ id }) => id));
      const { used } = this.#folder.file;
      const left = unheard.filter(({ id }) => !known.has(id));
      await this.#settleInParts(left.map(({ id }) => ({ id, used: used.get(id) ?? 0 })));
      if (isSettled) await forgetHolder(this.#database.prisma, holder);
    } catch (err) {
      this.#logger.warn({ err }, "leases of quotas could not be given back; the next start does it");
      isSettled = false;
    }
    this.#folder.close(isSettled);
  }
}
