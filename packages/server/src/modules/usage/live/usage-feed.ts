import { setTimeout as sleep } from "node:timers/promises";
import type { VerdictCode } from "@keyplane/schema";
import type { CountsByTenant } from "../thread/protocol.js";

/** What was counted of a tenant within an interval. */
export interface UsageTick {
  readonly from: Date;
  readonly to: Date;
  readonly byCode: Readonly<Partial<Record<VerdictCode, number>>>;
}

/** Hands on what is counted, while it is counted, to whoever watches a tenant. */
export class UsageFeed {
  readonly #listeners = new Map<string, Set<(counts: CountsByTenant[string]) => void>>();
  readonly #onWatched: (watched: boolean) => void;
  readonly #settle: () => Promise<void>;

  /** @param deps.onWatched told when the first watcher comes and after the last one went. */
  constructor(deps: { onWatched: (watched: boolean) => void; settle: () => Promise<void> }) {
    this.#onWatched = deps.onWatched;
    this.#settle = deps.settle;
  }

  publish(counts: CountsByTenant): void {
    if (this.#listeners.size === 0) return;
    for (const [tenantId, ofTenant] of Object.entries(counts)) {
      for (const listener of this.#listeners.get(tenantId) ?? []) listener(ofTenant);
    }
  }

  /**
   * A tick for each interval, zeros included. A reader that is slow gets fewer and longer ones: what it has not read waits as
   * one sum, so that it costs no memory and loses nothing.
   *
   * @param intervalMs milliseconds.
   */
  async *watch(tenantId: string, intervalMs: number, signal: AbortSignal): AsyncGenerator<UsageTick, void, undefined> {
    let byCode: Partial<Record<VerdictCode, number>> = {};
    const stop = this.#listen(tenantId, (counts) => {
      for (const [code, count] of Object.entries(counts) as [VerdictCode, number][]) {
        byCode[code] = (byCode[code] ?? 0) + count;
      }
    });
    try {
      for (let from = new Date(); !signal.aborted; ) {
        await sleep(intervalMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
        await this.#settle();
        const tick: UsageTick = { from, to: new Date(), byCode };
        byCode = {};
        from = tick.to;
        yield tick;
      }
    } finally {
      stop();
    }
  }

  #listen(tenantId: string, listener: (counts: CountsByTenant[string]) => void): () => void {
    const wasWatched = this.#listeners.size > 0;
    const ofTenant = this.#listeners.get(tenantId) ?? new Set();
    ofTenant.add(listener);
    this.#listeners.set(tenantId, ofTenant);
    if (!wasWatched) this.#onWatched(true);
    return () => {
      ofTenant.delete(listener);
      if (ofTenant.size === 0 && this.#listeners.get(tenantId) === ofTenant) this.#listeners.delete(tenantId);
      if (this.#listeners.size === 0) this.#onWatched(false);
    };
  }
}
