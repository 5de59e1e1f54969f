import { createId } from "@keyplane/schema";
import type { IntegrityRun, Transaction } from "../../platform/database/index.js";
import { systemActor } from "../audit/index.js";
import { sealKeyRow, updateKeyRow } from "../keys/index.js";
import type { FindingKind, FindingOutcome, RunPhase } from "./finding-kinds.js";
import type { IntegrityDeps } from "./integrity.service.js";
import * as store from "./integrity.store.js";
import { type ExaminedKey, type Judging, problemOf } from "./key-checks.js";
import { forgetDiffering } from "./memory-check.js";

/** How many keys are looked at at once: few, because the embedded database works on this very thread. */
const batchSize = 200;
/** How many findings of one kind across tables a run deals with: the next run goes on. */
const maxOfKind = 1_000;
/** How many findings of a run are kept; more are only counted. */
const maxFindings = 10_000;

/** What a run does beside looking. */
export interface RunOptions {
  readonly repair: boolean;
  /** Signs every key anew that was signed with another encryption key. */
  readonly resign: boolean;
}

interface Finding {
  readonly kind: FindingKind;
  readonly outcome: FindingOutcome;
  readonly detail: string;
  readonly tenantId?: string | null;
  readonly keyId?: string | null;
  readonly userId?: string | null;
}

/** Makes the function that carries out one run. Progress is kept in its row after each batch. */
export function createRunner(deps: IntegrityDeps) {
  const { audit, clock, database, events, logger, seal, index, maxQuarantined } = deps;
  const { prisma } = database;

  return async (run: IntegrityRun, stop: AbortSignal): Promise<void> => {
    let newlyQuarantined = 0;
    const counts = { examined: 0, found: 0, repaired: 0, quarantined: 0 };
    const previous = await store.findLatestRun(prisma, "DONE");
    const judging: Judging = {
      seal,
      areAllSigned: previous !== null,
      isOtherKey: previous !== null && previous.sealId !== seal.id,
    };

    async function note(tx: Transaction, finding: Finding): Promise<void> {
      const createdAt = new Date(clock.now());
      if (counts.found < maxFindings) {
        await store.insertFinding(tx, { ...finding, id: createId("IntegrityFinding"), runId: run.id, createdAt });
      }
      counts.found += 1;
      if (finding.outcome === "REPAIRED") counts.repaired += 1;
      if (finding.outcome === "QUARANTINED") counts.quarantined += 1;
    }

    /** Signs keys of before there were checksums, and with `resign` those of another encryption key. */
    function isToSign({ key, secrets }: ExaminedKey): boolean {
      const state = seal.check(key, secrets);
      return (state === "UNSIGNED" && !judging.areAllSigned) || (state === "FOREIGN" && run.resign);
    }

    async function examine(found: ExaminedKey): Promise<void> {
      if (!isToSign(found) && problemOf(found, judging) === null) return;
      await events.transaction(async (tx) => {
        // Again, and held: it may have been changed between two readings.
        const examined = await store.holdKeyToExamine(tx, found.key.id);
        if (examined === null) return;
        if (isToSign(examined)) await sealKeyRow(tx, seal, examined.key);
        const [held] = isToSign(examined) ? [await store.holdKeyToExamine(tx, found.key.id)] : [examined];
        const problem = held && problemOf(held, judging);
        if (!held || !problem) return;
        const { kind, detail } = problem;
        const { id: keyId, tenantId, ownerId, teamId, quarantinedAt } = held.key;
        const mayQuarantine = problem.quarantine && run.repair && newlyQuarantined < maxQuarantined;
        const outcome = problem.quarantine && (quarantinedAt !== null || mayQuarantine) ? "QUARANTINED" : "REPORTED";
        await note(tx, { kind, outcome, detail, tenantId, keyId, userId: ownerId });
        if (outcome !== "QUARANTINED" || quarantinedAt !== null) return;
        newlyQuarantined += 1;
        const now = new Date(clock.now());
        const after = await updateKeyRow(tx, keyId, { quarantinedAt: now, quarantinedReason: detail, updatedAt: now });
        const target = { type: "Key", id: keyId } as const;
        const change = { action: "key.quarantined", tenantId, target, before: held.key, after, reason: detail };
        await audit.record(tx, { actor: systemActor, ...change });
        const teamIds = teamId === null ? [] : [teamId];
        await events.append(tx, { type: "QUARANTINED", tenantId, keyId, userId: ownerId, teamIds, reason: detail });
      });
    }

    async function examineKeys(): Promise<void> {
      for (let afterId = ""; !stop.aborted; ) {
        const batch = await store.findKeysToExamine(prisma, afterId, batchSize);
        const last = batch.at(-1);
        if (!last) return;
        afterId = last.key.id;
        for (const found of batch) await examine(found);
        counts.examined += batch.length;
        await store.updateRun(prisma, run.id, { ...counts, heardAt: new Date(clock.now()) });
        // Requests first.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }

    /** What this process remembers of keys, also of those that nobody may use any more: there it matters most. */
    async function examineMemory(): Promise<void> {
      const heard = () => store.updateRun(prisma, run.id, { ...counts, heardAt: new Date(clock.now()) });
      const forgotten = await forgetDiffering({ prisma, index, stop, batchSize, heard });
      for (const { keyId, tenantId, detail } of forgotten.slice(0, maxOfKind)) {
        await database.transaction((tx) =>
          note(tx, { kind: "CACHE_DIFFERS", outcome: "REPAIRED", detail, tenantId, keyId }),
        );
      }
      if (forgotten.length > maxOfKind) {
        logger.warn(
          { run: run.id, forgotten: forgotten.length },
          "more keys were remembered otherwise than are listed",
        );
      }
    }

    async function examineGrants(): Promise<void> {
      for (const { id, tenantId, keyId, apiId } of await store.findForeignGrants(prisma, maxOfKind)) {
        await events.transaction(async (tx) => {
          const detail = `The access ${id} is to the API ${apiId} of another tenant.`;
          await note(tx, { kind: "GRANT_OF_OTHER_TENANT", outcome: outcomeOf(run), detail, tenantId, keyId });
          if (!run.repair) return;
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
          await audit.record(tx, {
            actor: systemActor,
            action: "api_grant.revoked",
            tenantId,
            target,
            before,
            after,
            reason: detail,
          });
          await events.append(tx, { type: "UPDATED", tenantId, keyId, reason: detail });
        });
      }
    }

    async function examineExpiries(): Promise<void> {
      for (const { id, tenantId, expiresAt } of await store.findUnplannedExpiries(
        prisma,
        new Date(clock.now()),
        maxOfKind,
      )) {
        await database.transaction(async (tx) => {
          const detail = `It expires at ${expiresAt.toISOString()}, and nothing is planned for then.`;
          await note(tx, { kind: "EXPIRY_NOT_PLANNED", outcome: outcomeOf(run), detail, tenantId, keyId: id });
          if (run.repair) await deps.planExpiry(tx, { id, expiresAt });
        });
      }
    }

    async function examineRotations(): Promise<void> {
      const now = new Date(clock.now());
      for (const { id, tenantId } of await store.findUnplannedRotations(prisma, now, maxOfKind)) {
        await database.transaction(async (tx) => {
          const detail = "It has to be rotated, and nothing is planned for then.";
          await note(tx, { kind: "ROTATION_NOT_PLANNED", outcome: outcomeOf(run), detail, tenantId, keyId: id });
          if (run.repair) await deps.planRotation(tx, id);
        });
      }
    }

    async function examineUsers(): Promise<void> {
      for (const { id, tenantId } of await store.findHeldAddresses(prisma, maxOfKind)) {
        await events.transaction(async (tx) => {
          const detail = "The user was deleted, and still keeps the e-mail address from others.";
          await note(tx, { kind: "ADDRESS_OF_DELETED_USER", outcome: outcomeOf(run), detail, tenantId, userId: id });
          if (!run.repair) return;
          const before = await tx.user.findUnique({ where: { id } });
          const after = await tx.user.update({ where: { id }, data: { activeEmail: null } });
          const target = { type: "User", id } as const;
          await audit.record(tx, {
            actor: systemActor,
            action: "user.repaired",
            tenantId,
            target,
            before,
            after,
            reason: detail,
          });
          await events.append(tx, { type: "OWNER_UPDATED", tenantId, userId: id });
        });
      }
    }

    async function examineUsage(): Promise<void> {
      const tenants = await prisma.tenant.findMany({ select: { id: true }, orderBy: { id: "asc" } });
      for (const { id: tenantId } of tenants) {
        if (stop.aborted) return;
        const used = await deps.usedKeyIds(tenantId);
        const existing = await store.existingKeyIds(prisma, used);
        for (const keyId of used.filter((id) => !existing.has(id))) {
          const detail = `Usage of the last day names the key ${keyId}, which does not exist.`;
          await database.transaction((tx) =>
            note(tx, { kind: "USAGE_OF_UNKNOWN_KEY", outcome: "REPORTED", detail, tenantId, keyId }),
          );
        }
      }
    }

    const phases: readonly [RunPhase, () => Promise<void>][] = [
      ["KEYS", examineKeys],
      ["MEMORY", examineMemory],
      ["GRANTS", examineGrants],
      ["EXPIRIES", () => examineExpiries().then(examineRotations)],
      ["USERS", examineUsers],
      // Usage may be kept elsewhere, and be away: that says nothing of the rest.
      ["USAGE", () => examineUsage().catch((err: unknown) => logger.warn({ err }, "usage was not compared with keys"))],
    ];
    let status: "DONE" | "FAILED" = "FAILED";
    try {
      for (const [phase, examine] of phases) {
        if (stop.aborted) break;
        await store.updateRun(prisma, run.id, { ...counts, phase, heardAt: new Date(clock.now()) });
        await examine();
      }
      if (!stop.aborted) status = "DONE";
    } finally {
      const finishedAt = new Date(clock.now());
      // A run that did not sign anew must not say that all is signed with this key.
      const sealId = judging.isOtherKey && !run.resign ? (previous?.sealId ?? null) : seal.id;
      await store.updateRun(prisma, run.id, { ...counts, status, sealId, finishedAt, heardAt: finishedAt, slot: null });
      if (counts.found > 0)
        logger.warn({ run: run.id, ...counts }, "an integrity check has found something: see integrityFindings");
    }
  };
}

function outcomeOf({ repair }: IntegrityRun): FindingOutcome {
  return repair ? "REPAIRED" : "REPORTED";
}
