import type { Usage } from "../resources/usage.js";
import type { GuardRequest, GuardVerdict } from "./guard.js";

/** Hands verifications over to the server as usage, off their path. */
export class GuardUsage {
  readonly #usage: Usage;
  readonly #tenantId: string | undefined;

  constructor(usage: Usage, tenantId: string | undefined) {
    this.#usage = usage;
    this.#tenantId = tenantId;
  }

  /** How many were given up. */
  get dropped(): number {
    return this.#usage.recordStatus.dropped;
  }

  /**
   * @param outcome its key also where the verdict does not show it, because it was deleted.
   * @param startedAt by `performance.now()`.
   */
  record(
    { code, key }: { readonly code: GuardVerdict["code"]; readonly key: { readonly id: string } | null },
    { ip, usage }: GuardRequest,
    start: string | undefined,
    startedAt: number,
  ): void {
    this.#usage.record({
      ...usage,
      keyId: key?.id,
      // A key that nobody has belongs to nobody: all that is known is for whom this guard stands.
      tenantId: key ? undefined : this.#tenantId,
      code,
      ip,
      start,
      latencyMs: Math.round((performance.now() - startedAt) * 1_000) / 1_000,
    });
  }

  async close(): Promise<void> {
    await this.#usage.close();
  }
}
