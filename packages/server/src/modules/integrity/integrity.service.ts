import { createId } from "@keyplane/schema";
import { z } from "zod";
import type { Clock } from "../../platform/clock.js";
import {
  type Database,
  type IntegrityFinding,
  type IntegrityRun,
  isUniqueViolation,
  type Transaction,
} from "../../platform/database/index.js";
import { ConflictError } from "../../platform/errors.js";
import type { Logger } from "../../platform/logger.js";
import { type Page, type PageArguments, pageOf, parsePage } from "../../platform/pages.js";
import { idSchema, parseArguments, parseInput } from "../../platform/validation.js";
import { type Audit, type AuditActor, actorOf, systemActor } from "../audit/index.js";
import { authorize, type Principal } from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { KeySeal, VerificationIndex } from "../keys/index.js";
import type { RunPhase } from "./finding-kinds.js";
import { createRunner, type RunOptions } from "./integrity.run.js";
import * as store from "./integrity.store.js";

/** A run that nobody has heard of for so long was ended with its process, in milliseconds. */
const lostAfterMs = 5 * 60_000;
/** How many runs are kept. */
const keptRuns = 100;

export interface IntegrityDeps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly database: Database;
  readonly events: Events;
  readonly logger: Logger;
  readonly seal: KeySeal;
  readonly index: Pick<VerificationIndex, "remembered" | "rememberedIds" | "forget">;
  /** Keeps when a key's expiry is told. */
  readonly planExpiry: (tx: Transaction, key: { readonly id: string; readonly expiresAt: Date }) => Promise<void>;
  /** Keeps that a key's rotation is told of. */
  readonly planRotation: (tx: Transaction, keyId: string) => Promise<void>;
  /** The keys that usage of a tenant's last day names, a thousand at most. */
  readonly usedKeyIds: (tenantId: string) => Promise<readonly string[]>;
  /** How often a check runs by itself, in milliseconds; null: never. */
  readonly everyMs: number | null;
  /** How many keys one run quarantines at most. */
  readonly maxQuarantined: number;
}

const checkSchema = z.object({
  repair: z
    .boolean()
    .nullish()
    .transform((repair) => repair ?? false),
  resign: z
    .boolean()
    .nullish()
    .transform((resign) => resign ?? false),
});

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
  let running: Promise<void> = Promise.resolve();

  /** @throws ConflictError while another run goes on. */
  async function begin(actor: AuditActor, options: RunOptions): Promise<IntegrityRun> {
    const now = new Date(clock.now());
    await store.endLostRuns(database.prisma, new Date(now.getTime() - lostAfterMs), now);
    const previous = await store.findLatestRun(database.prisma, "DONE");
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
      if (previous) await store.forgetOldRuns(database.prisma, keptRuns);
    }
  }

  function goOn(row: IntegrityRun): void {
    running = run(row, stopping.signal).catch((error: unknown) =>
      logger.error({ err: error, run: row.id }, "an integrity check failed"),
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
      const order = "integrityRuns.CREATED_AT_DESC";
      const { size, after } = parsePage(page, order, "createdAt");
      return pageOf({
        rows: await store.findRuns(database.prisma, after, size + 1),
        size,
        after,
        order,
        placeOf: (row) => ({ value: row.createdAt, id: row.id }),
        totalCount: () => store.countRuns(database.prisma),
      });
    },

    async listFindings(principal: Principal, rawFilter: unknown, page: PageArguments): Promise<Page<IntegrityFinding>> {
      authorize(principal, "integrity:read");
      const filter = parseArguments(findingFilterSchema, rawFilter ?? {});
      const order = "integrityFindings.CREATED_AT_DESC";
      const { size, after } = parsePage(page, order, "createdAt");
      return pageOf({
        rows: await store.findFindings(database.prisma, filter, after, size + 1),
        size,
        after,
        order,
        placeOf: (row) => ({ value: row.createdAt, id: row.id }),
        totalCount: () => store.countFindings(database.prisma, filter),
      });
    },

    /** To be called now and then: begins a check that repairs when the last one began long enough ago, at whatever process. */
    async runIfDue(): Promise<void> {
      if (everyMs === null || stopping.signal.aborted) return;
      const latest = await store.findLatestRun(database.prisma);
      if (latest && clock.now() - latest.createdAt.getTime() < everyMs) return;
      try {
        goOn(await begin(systemActor, { repair: true, resign: false }));
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
      }
    },

    /** Resolves when the run of this process is over. */
    settled: (): Promise<void> => running,

    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}
