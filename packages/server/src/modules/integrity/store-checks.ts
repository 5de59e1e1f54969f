import { kindOfId } from "@keyplane/schema";
import type { IntegrityRun } from "../../platform/database/index.js";
import { systemActor } from "../audit/index.js";
import type { FindingOutcome } from "./finding-kinds.js";
import type { Note } from "./findings.js";
import type { IntegrityDeps } from "./integrity.deps.js";
import * as store from "./integrity.store.js";

/** How many findings of one kind a run deals with: the next run goes on. */
const maxOfKind = 1_000;

/** What contradicts itself across tables, and how it is repaired where the run repairs. */
export function createStoreChecks(
  { audit, clock, database, events, planExpiry, planRotation, usedKeyIds }: IntegrityDeps,
  { repair }: IntegrityRun,
  note: Note,
  stop: AbortSignal,
) {
  const { prisma } = database;
  const outcome: FindingOutcome = repair ? "REPAIRED" : "REPORTED";

  return {
    /** Access of keys to APIs of other tenants. */
    async grants(): Promise<void> {
      for (const { id, tenantId, keyId, apiId } of await store.findForeignGrants(prisma, maxOfKind)) {
        await events.transaction(async (tx) => {
          const detail = `The access ${id} is to the API ${apiId} of another tenant.`;
          await note(tx, { kind: "GRANT_OF_OTHER_TENANT", outcome, detail, tenantId, keyId });
          if (!repair) return;
          const now = new Date(clock.now());
          const before = await tx.apiGrant.findUnique({ where: { id } });
          const data = {
            status: "REVOKED" as const,
            decidedBy: systemActor.id,
            decisionReason: detail,
            decidedAt: now,
            updatedAt: now,
          };
          const after = await tx.apiGrant.update({ where: { id }, data });
          const target = { type: "ApiGrant", id } as const;
          const change = { action: "api_grant.revoked", tenantId, target, before, after, reason: detail };
          await audit.record(tx, { actor: systemActor, ...change });
          await events.append(tx, { type: "UPDATED", tenantId, keyId, reason: detail });
        });
      }
    },

    /** Keys that expire, and of which nobody would be told. */
    async expiries(): Promise<void> {
      const now = new Date(clock.now());
      for (const { id, tenantId, expiresAt } of await store.findUnplannedExpiries(prisma, now, maxOfKind)) {
        await database.transaction(async (tx) => {
          const detail = `It expires at ${expiresAt.toISOString()}, and nothing is planned for then.`;
          await note(tx, { kind: "EXPIRY_NOT_PLANNED", outcome, detail, tenantId, keyId: id });
          if (repair) await planExpiry(tx, { id, expiresAt });
        });
      }
    },

    /** Keys that have to be rotated, and of which nobody would be told. */
    async rotations(): Promise<void> {
      const now = new Date(clock.now());
      for (const { id, tenantId } of await store.findUnplannedRotations(prisma, now, maxOfKind)) {
        await database.transaction(async (tx) => {
          const detail = "It has to be rotated, and nothing is planned for then.";
          await note(tx, { kind: "ROTATION_NOT_PLANNED", outcome, detail, tenantId, keyId: id });
          if (repair) await planRotation(tx, id);
        });
      }
    },

    /** Deleted users who keep their addresses from others. */
    async users(): Promise<void> {
      for (const { id, tenantId } of await store.findHeldAddresses(prisma, maxOfKind)) {
        await events.transaction(async (tx) => {
          const detail = "The user was deleted, and still keeps the e-mail address from others.";
          await note(tx, { kind: "ADDRESS_OF_DELETED_USER", outcome, detail, tenantId, userId: id });
          if (!repair) return;
          const before = await tx.user.findUnique({ where: { id } });
          const after = await tx.user.update({ where: { id }, data: { activeEmail: null } });
          const target = { type: "User", id } as const;
          const change = { action: "user.repaired", tenantId, target, before, after, reason: detail };
          await audit.record(tx, { actor: systemActor, ...change });
          await events.append(tx, { type: "OWNER_UPDATED", tenantId, userId: id });
        });
      }
    },

    /** Parts of quotas that are held by servers which are lost. Only a person knows whether their folders come back. */
    async leases(): Promise<void> {
      for (const lost of await store.findLostLeases(prisma, new Date(clock.now()), maxOfKind)) {
        const { tenantId, targetId, holder, quotas, amount, heardAt } = lost;
        const of = targetId === null ? `${quotas} quotas` : `the quota of ${targetId}`;
        const heard = heardAt === null ? "was never heard of" : `was last heard of at ${heardAt.toISOString()}`;
        const [which, amounts] =
          targetId === null ? ["the quotas", "their leases' amounts"] : ["the quota", String(amount)];
        const detail = `The server ${holder} holds ${amount} of ${of}, and ${heard}. Start it on its data folder, or top up ${which} by ${amounts}, or reset ${targetId === null ? "them" : "it"}.`;
        await database.transaction((tx) =>
          note(tx, {
            kind: "LEASE_OF_LOST_SERVER",
            outcome: "REPORTED",
            detail,
            tenantId,
            ...concerned(targetId ?? tenantId),
          }),
        );
      }
    },

    /** Keys, users and tenants that name a quota which is not theirs. Not mended: see decision 25. */
    async quotas(): Promise<void> {
      for (const { id, tenantId, quotaId, targetId } of await store.findForeignQuotas(prisma, maxOfKind)) {
        const kind = targetId === null ? "QUOTA_MISSING" : "QUOTA_OF_ANOTHER";
        const whose = targetId === null ? "does not exist" : `is that of ${targetId}`;
        const detail = `${id} names the quota ${quotaId}, which ${whose}. Set its own with setQuota.`;
        await database.transaction((tx) => note(tx, { kind, outcome: "REPORTED", detail, tenantId, ...concerned(id) }));
      }
    },

    /** Usage of the last day that names keys which do not exist. */
    async usage(): Promise<void> {
      const tenants = await prisma.tenant.findMany({ select: { id: true }, orderBy: { id: "asc" } });
      for (const { id: tenantId } of tenants) {
        if (stop.aborted) return;
        const used = await usedKeyIds(tenantId);
        const existing = await store.existingKeyIds(prisma, used);
        for (const keyId of used.filter((id) => !existing.has(id))) {
          const detail = `Usage of the last day names the key ${keyId}, which does not exist.`;
          await database.transaction((tx) =>
            note(tx, { kind: "USAGE_OF_UNKNOWN_KEY", outcome: "REPORTED", detail, tenantId, keyId }),
          );
        }
      }
    },
  };
}

/** The key or user that an id names. */
function concerned(id: string): { readonly keyId?: string; readonly userId?: string } {
  const kind = kindOfId(id);
  if (kind === "Key") return { keyId: id };
  return kind === "User" ? { userId: id } : {};
}
