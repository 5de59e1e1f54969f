import type { Clock } from "../../../platform/clock.js";
import type { Database } from "../../../platform/database/index.js";
import { usesForMs } from "../lib/lease-times.js";
import { sayThatHolderLives } from "./quota.store.js";

/** This process, as holder of leases: it may use them for as long as nobody takes it for lost. */
export class LeaseHolder {
  readonly id: string;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #steady: () => number;
  readonly #onLapse: () => void;
  /** Until when others hold it for alive, by the clock and by one that nobody can set. */
  #until = Number.NEGATIVE_INFINITY;
  #steadyUntil = Number.NEGATIVE_INFINITY;
  #saying: Promise<void> | null = null;
  #lapses = 0;

  /**
   * @param deps.steady counts milliseconds, whoever sets the clock.
   * @param deps.onLapse hears that leases of before may have been dropped.
   */
  constructor(deps: { id: string; database: Database; clock: Clock; steady?: () => number; onLapse: () => void }) {
    this.id = deps.id;
    this.#database = deps.database;
    this.#clock = deps.clock;
    this.#steady = deps.steady ?? (() => performance.now());
    this.#onLapse = deps.onLapse;
  }

  /** How often others may have taken it for lost. A lease of before the last time is not used, whatever became of it. */
  get lapses(): number {
    return this.#lapses;
  }

  /**
   * Whether others still hold it for alive. Whichever clock says not: one stands still while the machine is suspended, the other one may be
   * put back.
   */
  isHeard(now: number): boolean {
    return now < this.#until && this.#steady() < this.#steadyUntil;
  }

  /** Says that it lives. Those who ask meanwhile wait for the same answer. @throws when the database does not hear it. */
  say(): Promise<void> {
    this.#saying ??= this.#say().finally(() => {
      this.#saying = null;
    });
    return this.#saying;
  }

  async #say(): Promise<void> {
    // Counted from before: the database may hear it much later, and this process of that later still.
    const [until, steadyUntil] = [this.#clock.now() + usesForMs, this.#steady() + usesForMs];
    const wasKnown = await sayThatHolderLives(this.#database.prisma, this.id);
    // Whoever forgot it took it for gone, and may have settled what it holds.
    if (!wasKnown || !this.isHeard(this.#clock.now())) {
      this.#lapses += 1;
      this.#onLapse();
    }
    [this.#until, this.#steadyUntil] = [until, steadyUntil];
  }
}
