import { AsyncResource } from "node:async_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { createId } from "@keyplane/schema";
import { z } from "zod";
import { type IntegrityFinding, type IntegrityRun, isUniqueViolation } from "../../platform/database/index.js";
import { ConflictError, NotFoundError } from "../../platform/errors.js";
import { type Page, type PageArguments, pageByCreation } from "../../platform/pages.js";
import { flag, idSchema, parseArguments, parseInput } from "../../platform/validation.js";
import { type AuditActor, actorOf, systemActor } from "../audit/index.js";
import { authorize, type Principal } from "../auth/index.js";
import type { RunPhase } from "./finding-kinds.js";
import { notesOf } from "./findings.js";
import type { IntegrityDeps } from "./integrity.deps.js";
import { createRunner, type RunOptions } from "./integrity.run.js";
import * as store from "./integrity.store.js";
import { examineMemories } from "./memory-check.js";

/** A run that nobody has heard of for so long was ended with its process, in milliseconds. */
const lostAfterMs = 5 * 60_000;
/** How often whoever follows a run is told how far it is, in milliseconds. */
const lookAgainMs = 250;
/** How many runs are kept. */
const keptRuns = 100;

const checkSchema = z.object({ repair: flag(false), resign: flag(false) });

const findingFilterSchema = z.object({
  runId: idSchema.nullish(),
  tenantId: idSchema.nullish(),
  keyId: idSchema.nullish(),
});

export type Integrity = ReturnType<typeof createIntegrity>;

/**
 * Looks for rows that contradict themselves or one another, repairs what is safe, and quarantines keys that cannot be trusted. Off the
 * verification path: in batches, one run at a time in all processes.
 */
export function createIntegrity(deps: IntegrityDeps) {
  const { audit, clock, database, events, logger, everyMs } = deps;
  const run = createRunner(deps);
  const stopping = new AbortController();
  const background = new AsyncResource("integrity");
  const startedAt = clock.now();
  let running: Promise<void> = Promise.resolve();
  /** The latest run for which this process has compared what it remembers. */
  let comparedFor: string | null = null;

  /** @throws ConflictError while another run goes on. */
  async function begin(actor: AuditActor, options: RunOptions): Promise<IntegrityRun> {
    await endLostRuns();
    const now = new Date(clock.now());
    try {
      return await events.transaction(async (tx) => {
        const row = await store.insertRun(tx, {
          id: createId("IntegrityRun"),
          slot: "active",
          status: "RUNNING",
          repair: options.repair,
          resign: options.resign,
          phase: "KEYS" satisfies RunPhase,
          total: await store.countKeysToExamine(tx),
          startedBy: actor.id,
          createdAt: now,
          heardAt: now,
        });
        const target = { type: "IntegrityRun", id: row.id } as const;
        await audit.record(tx, {
          actor,
          action: "integrity.started",
          tenantId: null,
          target,
          before: null,
          after: row,
        });
        return row;
      });
    } catch (error) {
      if (!isUniqueViolation(error, "IntegrityRun", ["slot"])) throw error;
      throw new ConflictError("Another check goes on. Look at it with integrityRuns, and start yours when it is done.");
    } finally {
      await store.forgetOldRuns(database.prisma, keptRuns);
    }
  }

  function endLostRuns(): Promise<number> {
    const now = clock.now();
    return store.endLostRuns(database.prisma, new Date(now - lostAfterMs), new Date(now));
  }

  async function* statesOf(first: IntegrityRun, signal: AbortSignal): AsyncGenerator<IntegrityRun, void, undefined> {
    yield first;
    for (let told = first; told.status === "RUNNING" && !signal.aborted; ) {
      await wait(lookAgainMs, undefined, { signal }).catch(() => {});
      const now = signal.aborted ? null : await store.findRun(database.prisma, told.id);
      if (!now) return;
      if (!hasChanged(told, now)) continue;
      yield now;
      told = now;
    }
  }

  function goOn(row: IntegrityRun): void {
    comparedFor = row.id;
    inBackground(row, () => run(row, stopping.signal));
  }

  /** One piece of work of this process after the other. None goes on in the name of the request that began it, which is answered long before. */
  function inBackground({ id }: IntegrityRun, work: () => Promise<void>): void {
    running = background.runInAsyncScope(() =>
      running.then(work).catch((error: unknown) => logger.error({ err: error, run: id }, "an integrity check failed")),
    );
  }

  return {
    /**
     * Begins a check and answers at once; how far it is, `findRun` says.
     *
     * @throws ForbiddenError without `integrity:run`; ConflictError while another one goes on.
     */
    async check(principal: Principal, rawInput: unknown): Promise<IntegrityRun> {
      authorize(principal, "integrity:run");
      const row = await begin(actorOf(principal), parseInput(checkSchema, rawInput));
      goOn(row);
      return row;
    },

    async findRun(principal: Principal, id: string): Promise<IntegrityRun | null> {
      authorize(principal, "integrity:read");
      return store.findRun(database.prisma, parseArguments(idSchema, id));
    },

    async listRuns(principal: Principal, page: PageArguments): Promise<Page<IntegrityRun>> {
      authorize(principal, "integrity:read");
      return pageByCreation(page, {
        order: "integrityRuns.CREATED_AT_DESC",
        read: (after, take) => store.findRuns(database.prisma, after, take),
        totalCount: () => store.countRuns(database.prisma),
      });
    },

    async listFindings(principal: Principal, rawFilter: unknown, page: PageArguments): Promise<Page<IntegrityFinding>> {
      authorize(principal, "integrity:read");
      const filter = parseArguments(findingFilterSchema, rawFilter ?? {});
      return pageByCreation(page, {
        order: "integrityFindings.CREATED_AT_DESC",
        read: (after, take) => store.findFindings(database.prisma, filter, after, take),
        totalCount: () => store.countFindings(database.prisma, filter),
      });
    },

    /**
     * To be called now and then: begins a check that repairs when the last one began long enough ago, at whatever process; and for one that
     * began at another process, compares what this one remembers, which nobody else can.
     */
    async runIfDue(): Promise<void> {
      if (stopping.signal.aborted) return;
      await endLostRuns();
      const latest = await store.findLatestRun(database.prisma);
      if (everyMs !== null && (!latest || clock.now() - latest.createdAt.getTime() >= everyMs)) {
        try {
          goOn(await begin(systemActor, { repair: true, resign: false }));
        } catch (error) {
          if (!(error instanceof ConflictError)) throw error;
        }
      } else if (latest && latest.id !== comparedFor && latest.createdAt.getTime() >= startedAt) {
        comparedFor = latest.id;
        const note = notesOf(latest.id, () => new Date(clock.now()));
        const pace = { stop: stopping.signal, heard: () => Promise.resolve() };
        inBackground(latest, () => examineMemories(deps, latest.id, note, pace));
      }
    },

    /**
     * How a check goes on: its present state, then each other one, until it is over.
     *
     * @throws NotFoundError when there is none with this id.
     */
    async follow(
      principal: Principal,
      rawId: string,
      signal: AbortSignal,
    ): Promise<AsyncGenerator<IntegrityRun, void, undefined>> {
      authorize(principal, "integrity:read");
      const first = await store.findRun(database.prisma, parseArguments(idSchema, rawId));
      if (!first) throw new NotFoundError("integrity check");
      return statesOf(first, signal);
    },

    /** Resolves when the run of this process is over. */
    settled: (): Promise<void> => running,

    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}

/** Whether there is something to tell of a run that was told already. */
function hasChanged(told: IntegrityRun, now: IntegrityRun): boolean {
  const shown = ["status", "phase", "examined", "found", "repaired", "quarantined"] as const;
  return shown.some((field) => told[field] !== now[field]);
}
