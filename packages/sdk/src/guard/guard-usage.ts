import type { UsageEventInput } from "../_generated/schema-types.js";
import type { Usage } from "../resources/usage.js";
import { LateRecord } from "../usage/usage-record.js";
import type { GuardRequest, GuardVerdict } from "./guard.js";

/** What came of a verification. */
interface Outcome {
  readonly code: GuardVerdict["code"];
  readonly key: { readonly id: string } | null;
}

type Described = Omit<UsageEventInput, "id" | "at">;

/** Hands verifications over to the server as usage, off their path. */
export class GuardUsage {
  readonly #usage: Usage;
  readonly #tenantId: string | undefined;

  constructor(usage: Usage, tenantId: string | undefined) {
    this.#usage = usage;
    this.#tenantId = tenantId;
  }

  /** How many will never be counted: those that something is wrong with, too, because a guard's status has no other place that tells of them. */
  get dropped(): number {
    const { dropped, rejected } = this.#usage.recordStatus;
    return dropped + rejected;
  }

  /**
   * @param outcome its key also where the verdict does not show it, because it was deleted.
   * @param startedAt by `performance.now()`.
   */
  record(outcome: Outcome, request: GuardRequest, start: string | undefined, startedAt: number): void {
    const latencyMs = performance.now() - startedAt;
    const describe = (): Described => this.#describe(outcome, request, start, latencyMs);
    // What somebody else has written may be wrong, which is told at once.
    const { usage, api } = request;
    if (usage || api !== undefined) this.#usage.record({ ...usage, ...(api && { api }), ...describe() });
    else this.#usage.recordComplete(new LateRecord(Date.now(), describe));
  }

  #describe({ code, key }: Outcome, { ip }: GuardRequest, start: string | undefined, latencyMs: number): Described {
    return {
      keyId: key?.id,
      // A key that nobody has belongs to nobody: all that is known is for whom this guard stands.
      tenantId: key ? undefined : this.#tenantId,
      // What this version does not know, the server may.
      code: code as Described["code"],
      // A server takes no more of what may be any text.
      ip: ip?.slice(0, 64),
      start,
      latencyMs: Math.round(latencyMs * 1_000) / 1_000,
    };
  }

  async close(): Promise<void> {
    await this.#usage.close();
  }
}
