import type { VerdictCode } from "@keyplane/schema";
import type { UsageEvent } from "../usage-event.js";
import type { CountsByView, UsageView } from "./protocol.js";

/** What of an event says whose it is. */
export type Whose = Pick<UsageEvent, "tenantId" | "userId" | "keyId" | "code">;

interface View {
  readonly tenantId: string;
  readonly userId: string;
  readonly keyIds: ReadonlySet<string>;
}

/** Counts events for people who see only some of a tenant's: those of their own keys and of their teams' keys. */
export class Views {
  #views: ReadonlyMap<string, View> = new Map();

  set(views: readonly UsageView[]): void {
    this.#views = new Map(views.map((view) => [view.id, { ...view, keyIds: new Set(view.keyIds) }]));
  }

  /** The tenants that somebody sees a part of. */
  get tenantIds(): string[] {
    return [...new Set([...this.#views.values()].map(({ tenantId }) => tenantId))];
  }

  /** The same rule as the filter `within` of questions. */
  count(events: Iterable<Whose>): CountsByView {
    const counts: Record<string, Partial<Record<VerdictCode, number>>> = {};
    if (this.#views.size === 0) return counts;
    for (const { tenantId, userId, keyId, code } of events) {
      for (const [id, view] of this.#views) {
        if (view.tenantId !== tenantId) continue;
        if (view.userId !== userId && (keyId === undefined || !view.keyIds.has(keyId))) continue;
        counts[id] ??= {};
        const ofView = counts[id];
        ofView[code] = (ofView[code] ?? 0) + 1;
      }
    }
    return counts;
  }
}
