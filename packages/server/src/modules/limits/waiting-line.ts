import type { Clock } from "../../platform/clock.js";
import type { QuotaAccount, Reservation } from "./quotas/quota-account.js";

/** A call that waits. */
interface Waiting {
  readonly accounts: readonly QuotaAccount[];
  readonly cost: number;
  /** Tells it that its turn has come, with what is kept for it; null: everything is to be tried again. */
  readonly proceed: (kept: readonly Reservation[] | null) => void;
}

/**
 * Calls that have enough of their quotas only if others do not use what is kept for them. They are served in the order of coming, so that
 * nobody is overtaken for ever: whoever comes later and needs the same quota waits behind them. Each call for which something is kept ends,
 * one way or the other, and calls the line then; so the first in it always gets on.
 */
export class WaitingLine {
  #line: Waiting[] = [];
  #isCalled = false;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits for what a call needs of all of these. @returns what is kept for it; null: everything is to be tried again. */
  wait(accounts: readonly QuotaAccount[], cost: number): Promise<readonly Reservation[] | null> {
    for (const account of accounts) account.waiting += 1;
    return new Promise((proceed) => this.#line.push({ accounts, cost, proceed }));
  }

  /** To be called when something was kept for a call and is so no longer. Those of one turn are looked at together. */
  call(): void {
    if (this.#isCalled || this.#line.length === 0) return;
    this.#isCalled = true;
    queueMicrotask(() => {
      this.#isCalled = false;
      const now = this.#clock.now();
      /** What those need who wait further ahead. */
      const ahead = new Set<QuotaAccount>();
      this.#line = this.#line.filter((each) => {
        if (this.#proceeds(each, ahead, now)) return false;
        for (const account of each.accounts) ahead.add(account);
        return true;
      });
    });
  }

  #proceeds({ accounts, cost, proceed }: Waiting, ahead: ReadonlySet<QuotaAccount>, now: number): boolean {
    if (accounts.some((account) => ahead.has(account))) return false;
    const answers = accounts.map((account) => account.look(cost, now));
    const isKnown = answers.every((answer) => answer === "enough" || answer === "reserved");
    if (isKnown && answers.includes("reserved")) return false;
    for (const account of accounts) account.waiting -= 1;
    proceed(isKnown ? accounts.map((account) => account.reserve(cost)) : null);
    return true;
  }
}
