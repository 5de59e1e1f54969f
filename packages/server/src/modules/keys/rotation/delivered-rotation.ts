import { generateKey } from "@keyplane/schema";
import type { Clock } from "../../../platform/clock.js";
import type { Key, Transaction } from "../../../platform/database/index.js";
import { type AuditActor, systemActor } from "../../audit/index.js";
import { hashSecret } from "../../auth/index.js";
import type { Keys } from "../keys.service.js";
import * as store from "../keys.store.js";
import { expiryIssues, policyOverlap, scopeIssues } from "../lib/key-policy.js";

const day = 24 * 60 * 60_000;
/** How long before a key has to be rotated its new secret is handed over: as long as a receiver may be away. */
const longestLeadMs = 5 * day;
/** After how long a key is looked at again that its tenant's policy does not let be rotated. */
const retryMs = 60 * 60_000;

/** For how long the old secret works from the first use of the new one on, where neither key nor policy say: nobody watches the roll-out. */
const defaultOverlapMs = day;

/** Keyplane itself, where a policy lets it rotate. */
const rotationActor: AuditActor = { ...systemActor, id: "rotation-policy", requestId: "rotation-policy" };

/** Takes a key's new secret, in the transaction that makes it, to hand it over after the commit. */
export interface SecretReceivers {
  /** Whether a webhook of a tenant takes secrets now. */
  isReady(tx: Transaction, tenantId: string, webhookId: string): Promise<boolean>;
  handOver(
    tx: Transaction,
    webhookId: string,
    key: Key,
    issued: { secret: string; start: string; activatesOnFirstUse: true; overlapMs: number; rotateBy: string },
  ): Promise<void>;
}

export type DeliveredRotation = ReturnType<typeof createDeliveredRotation>;

/**
 * Rotates keys whose policy names a receiver. The new secret takes over with its first use: one that never arrives cuts nobody off, and is
 * told of by ROTATION_OVERDUE as if nobody had rotated.
 */
export function createDeliveredRotation(deps: {
  clock: Clock;
  keys: Pick<Keys, "hold" | "tellAs">;
  receivers: SecretReceivers;
}) {
  const { clock, keys, receivers } = deps;
  return {
    /** When the new secret of a key is handed over; epoch milliseconds. */
    deliverAt: (rotateBy: number, everyMs: number): number => rotateBy - Math.min(longestLeadMs, everyMs / 4),

    /**
     * Makes a secret that waits for its first use, and hands it over. Not when one waits already, or nobody would take it, or the
     * key is quarantined, or the tenant's policy would not let it be rotated.
     *
     * @returns when to try again, as epoch milliseconds; null: not before the rotation is planned anew, as it is when the webhook is
     * enabled or the key released.
     */
    async prepare(tx: Transaction, keyId: string, webhookId: string, rotateBy: number): Promise<number | null> {
      const before = await keys.hold(tx, keyId);
      if (!before || before.quarantinedAt || (await store.hasPendingSecret(tx, keyId))) return null;
      const tenant = await tx.tenant.findUniqueOrThrow({ where: { id: before.tenantId } });
      const now = clock.now();
      const issues = [...scopeIssues(tenant, before.scopes), ...expiryIssues(tenant, before.expiresAt, now)];
      // The key or the policy may be mended, or the key come into its bounds as time goes by.
      if (issues.length > 0) return now + retryMs;
      if (!(await receivers.isReady(tx, tenant.id, webhookId))) return null;

      const at = new Date(now);
      const overlapMs = policyOverlap(tenant, before) ?? defaultOverlapMs;
      const { secret, start } = generateKey({ prefix: tenant.keyPrefix, environment: before.environment });
      const row = { hash: hashSecret(secret), keyId, start, createdAt: at };
      await store.insertSecret(tx, { ...row, isPending: true, overlapMs: BigInt(overlapMs) });
      const after = await store.updateKeyRow(tx, keyId, { secretVersion: { increment: 1 }, updatedAt: at });
      const reason = `the new secret is handed over to ${webhookId}`;
      await keys.tellAs(tx, rotationActor, {
        action: "key.rotation_prepared",
        event: "UPDATED",
        before,
        after,
        reason,
      });
      await receivers.handOver(tx, webhookId, after, {
        secret,
        start,
        activatesOnFirstUse: true,
        overlapMs,
        rotateBy: new Date(rotateBy).toISOString(),
      });
      return null;
    },
  };
}
