import { setTimeout as sleep } from "node:timers/promises";
import type { VerdictCode } from "@keyplane/schema";
import type { CountsByTenant, CountsByView, UsageView, Watching } from "../thread/protocol.js";

type Counts = Readonly<Partial<Record<VerdictCode, number>>>;
type Listener = (counts: Counts) => void;

/** What was counted of a tenant within an interval. */
export interface UsageTick {
  readonly from: Date;
  readonly to: Date;
  readonly byCode: Counts;
}

/** Whose calls somebody sees who does not see the whole tenant. */
export type WhoseCalls = Pick<UsageView, "userId" | "keyIds">;

/** Hands on what is counted, while it is counted, to whoever watches a tenant or their part of one. */
export class UsageFeed {
  readonly #ofTenants = new Map<string, Set<Listener>>();
  readonly #ofViews = new Map<string, { view: UsageView; readonly listener: Listener }>();
  readonly #onWatched: (watching: Watching) => void;
  readonly #settle: () => Promise<void>;
  #lastView = 0;

  /** @param deps.onWatched told when the first watcher comes, after the last one went, and when anybody sees another part. */
  constructor(deps: { onWatched: (watching: Watching) => void; settle: () => Promise<void> }) {
    this.#onWatched = deps.onWatched;
    this.#settle = deps.settle;
  }

  publish(counts: CountsByTenant, views: CountsByView): void {
    for (const [tenantId, listeners] of this.#ofTenants) {
      const ofTenant = Object.hasOwn(counts, tenantId) ? counts[tenantId] : undefined;
      if (ofTenant) for (const listener of listeners) listener(ofTenant);
    }
    for (const [id, ofView] of Object.entries(views)) this.#ofViews.get(id)?.listener(ofView);
  }

  /**
   * A tick for each interval, zeros included. A reader that is slow gets fewer and longer ones: what it has not read waits as
   * one sum, so that it costs no memory and loses nothing.
   *
   * @param intervalMs milliseconds.
   * @param whose the calls that are counted, asked again before each tick, because keys come and go; all calls when it is left out.
   */
  async *watch(
    tenantId: string,
    intervalMs: number,
    signal: AbortSignal,
    whose?: () => Promise<WhoseCalls>,
  ): AsyncGenerator<UsageTick, void, undefined> {
    let byCode: Partial<Record<VerdictCode, number>> = {};
    const add: Listener = (counts) => {
      for (const [code, count] of Object.entries(counts) as [VerdictCode, number][]) {
        byCode[code] = (byCode[code] ?? 0) + count;
      }
    };
    const id = `view-${++this.#lastView}`;
    const see = async () => {
      if (whose) this.#see({ id, tenantId, ...(await whose()) }, add);
    };
    await see();
    const stop = whose ? () => this.#look(() => this.#ofViews.delete(id)) : this.#listen(tenantId, add);
    try {
      for (let from = new Date(); !signal.aborted; ) {
        await sleep(intervalMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
        await see();
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

  #listen(tenantId: string, listener: Listener): () => void {
    this.#look(() => {
      const ofTenant = this.#ofTenants.get(tenantId) ?? new Set();
      this.#ofTenants.set(tenantId, ofTenant.add(listener));
    });
    return () =>
      this.#look(() => {
        const ofTenant = this.#ofTenants.get(tenantId);
        ofTenant?.delete(listener);
        if (ofTenant?.size === 0) this.#ofTenants.delete(tenantId);
      });
  }

  #see(view: UsageView, listener: Listener): void {
    const seen = this.#ofViews.get(view.id);
    if (seen && isSame(seen.view, view)) return;
    this.#look(() => this.#ofViews.set(view.id, { view, listener }));
  }

  /** Changes who looks, and tells of it where it matters. */
  #look(change: () => void): void {
    const [was, before] = [this.#isWatched, [...this.#ofViews.values()]];
    change();
    const views = [...this.#ofViews.values()].map(({ view }) => view);
    const isOther = views.length !== before.length || views.some((view, at) => view !== before[at]?.view);
    if (this.#isWatched !== was || isOther) this.#onWatched({ on: this.#isWatched, views });
  }

  get #isWatched(): boolean {
    return this.#ofTenants.size > 0 || this.#ofViews.size > 0;
  }
}

function isSame(a: UsageView, b: UsageView): boolean {
  return (
    a.userId === b.userId && a.keyIds.length === b.keyIds.length && a.keyIds.every((id, at) => id === b.keyIds[at])
  );
}
