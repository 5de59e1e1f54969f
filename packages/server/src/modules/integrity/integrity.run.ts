import type { IntegrityRun } from "../../platform/database/index.js";
import { systemActor } from "../audit/index.js";
import { sealKeyRow, updateKeyRow } from "../keys/index.js";
import type { RunPhase } from "./finding-kinds.js";
import { notesOf } from "./findings.js";
import type { IntegrityDeps } from "./integrity.deps.js";
import * as store from "./integrity.store.js";
import { type ExaminedKey, type Judging, problemOf } from "./key-checks.js";
import { examineMemories } from "./memory-check.js";
import { createStoreChecks } from "./store-checks.js";

/** How many keys are looked at at once: few, because the embedded database works on this very thread. */
const batchSize = 200;

/** What a run does beside looking. */
export interface RunOptions {
  readonly repair: boolean;
  /** Signs every key anew that was signed with another encryption key. */
  readonly resign: boolean;
}

/** Makes the function that carries out one run. Progress is kept in its row after each batch. */
export function createRunner(deps: IntegrityDeps) {
  const { audit, clock, database, events, logger, seal, maxQuarantined } = deps;
  const { prisma } = database;
  const now = (): Date => new Date(clock.now());

  return async (run: IntegrityRun, stop: AbortSignal): Promise<void> => {
    let newlyQuarantined = 0;
    let examined = 0;
    const previous = await store.findLatestRun(prisma, "DONE");
    const judging: Judging = {
      seal,
      areAllSigned: previous !== null,
      isOtherKey: previous !== null && previous.sealId !== seal.id,
    };
    const note = notesOf(run.id, now);
    const checks = createStoreChecks(deps, run, note, stop);
    const heard = () => store.updateRun(prisma, run.id, { examined, heardAt: now() });

    /** Signs keys of before there were checksums, and with `resign` those of another encryption key. */
    function isToSign({ key, secrets }: ExaminedKey): boolean {
      const state = seal.check(key, secrets);
      return (state === "UNSIGNED" && !judging.areAllSigned) || (state === "FOREIGN" && run.resign);
    }

    async function examine(found: ExaminedKey): Promise<void> {
      if (!isToSign(found) && problemOf(found, judging) === null) return;
      await events.transaction(async (tx) => {
        // Again, and held: it may have been changed between two readings.
        let held = await store.holdKeyToExamine(tx, found.key.id);
        if (held && isToSign(held)) {
          await sealKeyRow(tx, seal, held.key);
          held = await store.holdKeyToExamine(tx, found.key.id);
        }
        const problem = held && problemOf(held, judging);
        if (!held || !problem) return;
        const { kind, detail } = problem;
        const { id: keyId, tenantId, ownerId, teamId, quarantinedAt } = held.key;
        const mayQuarantine = problem.quarantine && run.repair && newlyQuarantined < maxQuarantined;
        const outcome = problem.quarantine && (quarantinedAt !== null || mayQuarantine) ? "QUARANTINED" : "REPORTED";
        await note(tx, { kind, outcome, detail, tenantId, keyId, userId: ownerId });
        if (outcome !== "QUARANTINED" || quarantinedAt !== null) return;
        newlyQuarantined += 1;
        const at = now();
        const after = await updateKeyRow(tx, keyId, { quarantinedAt: at, quarantinedReason: detail, updatedAt: at });
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
        examined += batch.length;
        await heard();
        // Requests first.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }

    const phases: readonly [RunPhase, () => Promise<void>][] = [
      ["KEYS", examineKeys],
      ["MEMORY", () => examineMemories(deps, run.id, note, { stop, heard })],
      ["GRANTS", checks.grants],
      ["EXPIRIES", () => checks.expiries().then(checks.rotations)],
      ["USERS", checks.users],
      ["QUOTAS", () => checks.leases().then(checks.quotas)],
      // Usage may be kept elsewhere, and be away: that says nothing of the rest.
      ["USAGE", () => checks.usage().catch((err: unknown) => logger.warn({ err }, "usage was not compared with keys"))],
    ];
    let status: "DONE" | "FAILED" = "FAILED";
    try {
      for (const [phase, examine] of phases) {
        if (stop.aborted) break;
        await store.updateRun(prisma, run.id, { examined, phase, heardAt: now() });
        await examine();
      }
      if (!stop.aborted) status = "DONE";
    } finally {
      const finishedAt = now();
      // A run that did not sign anew must not say that all is signed with this key.
      const sealId = judging.isOtherKey && !run.resign ? (previous?.sealId ?? null) : seal.id;
      const ended = { examined, status, sealId, finishedAt, heardAt: finishedAt, slot: null };
      const { found, repaired, quarantined } = await store.updateRun(prisma, run.id, ended);
      const counts = { examined, found, repaired, quarantined };
      if (found > 0)
        logger.warn({ run: run.id, ...counts }, "an integrity check has found something: see integrityFindings");
    }
  };
}
