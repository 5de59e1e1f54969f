import type { Clock } from "../../../platform/clock.js";
import type { Key } from "../../../platform/database/index.js";
import type { Logger } from "../../../platform/logger.js";
import { type AuditActor, systemActor } from "../../audit/index.js";
import type { Events } from "../../events/index.js";
import type { Keys } from "../keys.service.js";
import * as store from "../keys.store.js";
import { planRotation } from "../rotation/key-rotation.store.js";
import { overlapAtFirstUse } from "../rotation/overlap.js";

/** Who has put a secret to use is not known: whoever has it. */
const firstUse: AuditActor = { ...systemActor, id: "first-use", requestId: "first-use" };

export type Activations = ReturnType<typeof createActivations>;

/**
 * Lets secrets that wait for their first use take the place of the others, off the path of the verification that accepts them. Under
 * the lock of the key, so the overlap of the others begins once, in whichever process sees the first use; one that is lost with a
 * process is made up for by the next use.
 */
export function createActivations(deps: {
  clock: Clock;
  events: Events;
  keys: Pick<Keys, "hold" | "tellAs">;
  logger: Logger;
}) {
  const { clock, events, keys, logger } = deps;
  const running = new Map<string, Promise<void>>();

  function activate(keyId: string, hash: string): Promise<void> {
    return events.transaction(async (tx) => {
      const before = await keys.hold(tx, keyId);
      const secret = await store.findSecret(tx, hash);
      if (!before || before.revokedAt || before.deletedAt || !secret?.isPending) return;
      const now = new Date(clock.now());
      const tenant = await tx.tenant.findUniqueOrThrow({ where: { id: before.tenantId } });
      const overlapMs = overlapAtFirstUse(tenant, before, Number(secret.overlapMs ?? 0), now.getTime());
      const stopsAt = new Date(now.getTime() + overlapMs);
      await store.activateSecret(tx, hash);
      await store.supersedeOthers(tx, keyId, hash, now, stopsAt);
      const after: Key = await store.updateKeyRow(tx, keyId, {
        start: secret.start,
        rotatedAt: now,
        previousSecretExpiresAt: stopsAt,
        secretVersion: { increment: 1 },
        updatedAt: now,
      });
      await planRotation(tx, keyId, now);
      await keys.tellAs(tx, firstUse, { action: "key.rotated", event: "ROTATED", before, after });
    });
  }

  return {
    /** A secret that waited was accepted. Neither waits nor throws. */
    saw(keyId: string, hash: string): void {
      if (running.has(hash)) return;
      const done = activate(keyId, hash)
        .catch((error: unknown) => logger.warn({ err: error, keyId }, "a first use was not kept; the next one will be"))
        .finally(() => running.delete(hash));
      running.set(hash, done);
    },

    /** Ends after those that run. */
    async stop(): Promise<void> {
      await Promise.all(running.values());
    },
  };
}
