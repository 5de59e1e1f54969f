import { createHash } from "node:crypto";
import { createId, type KeyFindingAction, type KeyFindingKind, keyFindingKinds } from "@keyplane/schema";
import { z } from "zod";
import type { Clock } from "../../../platform/clock.js";
import {
  type Database,
  type Key,
  type KeyFinding,
  Prisma,
  type Transaction,
} from "../../../platform/database/index.js";
import { NotFoundError } from "../../../platform/errors.js";
import { type Page, type PageArguments, pageOf, parsePage } from "../../../platform/pages.js";
import { idSchema, parseArguments, parseInput, reasonSchema } from "../../../platform/validation.js";
import { type Audit, type AuditActor, actorOf } from "../../audit/index.js";
import { authorize, type Principal, visibleTo } from "../../auth/index.js";
import type { Events } from "../../events/index.js";
import type { SharedEvidence, SharedSamples } from "./finding-evidence.js";
import * as store from "./findings.store.js";

const filterSchema = z.object({
  tenantId: idSchema.nullish(),
  keyId: idSchema.nullish(),
  kind: z.enum(Object.keys(keyFindingKinds) as KeyFindingKind[]).nullish(),
  open: z.boolean().nullish(),
});

const resolveSchema = z.object({ id: z.string(), reason: reasonSchema });

const order = "keyFindings.LAST_AT_DESC";

/** Something that was found about a key. */
export interface NewFinding {
  readonly kind: KeyFindingKind;
  /** What makes it one finding besides its kind and key; it is kept as a hash only. */
  readonly identity?: string;
  readonly start?: string;
  readonly place?: string | null;
  readonly source?: string | null;
  readonly action?: KeyFindingAction;
  /** What it is founded on. */
  readonly evidence?: SharedEvidence;
  readonly samples?: SharedSamples;
  /** Why, for the event: what a reader of it must know. */
  readonly reason: string;
}

export type Findings = ReturnType<typeof createFindings>;

/** What was found about keys: leaks, idleness, what the policy does not want. */
export function createFindings(deps: { audit: Audit; clock: Clock; database: Database; events: Events }) {
  const { audit, clock, database, events } = deps;

  async function record(
    tx: Transaction,
    actor: AuditActor,
    action: string,
    before: KeyFinding | null,
    after: KeyFinding,
  ) {
    const target = { type: "KeyFinding", id: after.id } as const;
    const { tenantId, resolution: reason } = after;
    await audit.record(tx, {
      actor,
      action,
      tenantId,
      target,
      before: toSnapshot(before),
      after: toSnapshot(after),
      reason,
    });
  }

  /** Ends a finding that is held. A leak is told once for good; anything else may come again. */
  async function close(
    tx: Transaction,
    actor: AuditActor,
    before: KeyFinding,
    resolution: string,
  ): Promise<KeyFinding> {
    const after = await store.updateFinding(tx, before.id, {
      resolvedAt: new Date(clock.now()),
      resolvedBy: actor.id,
      resolution,
      // Whose addresses these are need not be known any more.
      samples: Prisma.DbNull,
      ...(before.kind === "LEAKED" ? {} : { uniqueKey: null }),
    });
    await record(tx, actor, "key_finding.resolved", before, after);
    await events.append(tx, { type: "KEY_FINDING_RESOLVED", tenantId: after.tenantId, subjectId: after.id });
    return after;
  }

  return {
    close,

    /** The finding that this would be, if it was raised before. */
    find: (tx: Transaction, keyId: string, { kind, identity }: Pick<NewFinding, "kind" | "identity">) =>
      store.findByUniqueKey(tx, uniqueKeyOf(kind, keyId, identity)),

    /** Counts one more report of a finding; nothing else changes, so nobody is told. */
    count: (tx: Transaction, { id }: KeyFinding) =>
      store.updateFinding(tx, id, { reports: { increment: 1 }, lastAt: new Date(clock.now()) }),

    /** Keeps that an open finding still holds, and what it is founded on now; nobody is told again. */
    renew: (tx: Transaction, { id }: KeyFinding, evidence: SharedEvidence, samples: SharedSamples) =>
      store.updateFinding(tx, id, { evidence, samples, lastAt: new Date(clock.now()) }),

    /** Raises a finding of a key that is held and has no such one, with its audit record and its event. */
    async raise(tx: Transaction, actor: AuditActor, key: Key, finding: NewFinding): Promise<KeyFinding> {
      const now = new Date(clock.now());
      const { kind, identity, start = null, place = null, source = null, action = "NONE", reason } = finding;
      const { evidence = Prisma.DbNull, samples = Prisma.DbNull } = finding;
      const row = await store.insertFinding(tx, {
        id: createId("KeyFinding"),
        tenantId: key.tenantId,
        keyId: key.id,
        kind,
        uniqueKey: uniqueKeyOf(kind, key.id, identity),
        start,
        place,
        source,
        action,
        evidence,
        samples,
        firstAt: now,
        lastAt: now,
      });
      await record(tx, actor, "key_finding.raised", null, row);
      const teamIds = key.teamId === null ? [] : [key.teamId];
      await events.append(tx, {
        type: kind,
        tenantId: key.tenantId,
        keyId: key.id,
        userId: key.ownerId,
        teamIds,
        reason,
      });
      return row;
    },

    /** Keeps what was done about a finding later on. The change of the key has its own record and event. */
    setAction: (tx: Transaction, { id }: KeyFinding, action: KeyFindingAction) =>
      store.updateFinding(tx, id, { action }),

    /** The findings of keys that the caller may see, the latest first. @throws ForbiddenError without `keys:read`. */
    async list(principal: Principal, rawFilter: unknown, page: PageArguments): Promise<Page<KeyFinding>> {
      authorize(principal, "keys:read");
      const filter = parseArguments(filterSchema, rawFilter ?? {});
      const { size, after } = parsePage(page, order, "lastAt");
      const visibility = visibleTo(principal);
      return pageOf({
        rows: await store.findFindings(database.prisma, visibility, { filter, after, take: size + 1 }),
        size,
        after,
        order,
        placeOf: (row) => ({ value: row.lastAt, id: row.id }),
        totalCount: () => store.countFindings(database.prisma, visibility, filter),
      });
    },

    /**
     * Marks a finding as dealt with; the key stays as it is. Resolving a resolved one changes nothing.
     *
     * @throws InvalidInputError, NotFoundError, ForbiddenError without `keys:update`.
     */
    async resolve(principal: Principal, rawInput: unknown): Promise<KeyFinding> {
      authorize(principal, "keys:update");
      const { id, reason } = parseInput(resolveSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await store.lockFinding(tx, visibleTo(principal), id);
        if (!before) throw new NotFoundError("finding");
        return before.resolvedAt ? before : close(tx, actorOf(principal), before, reason);
      });
    },
  };
}

function uniqueKeyOf(kind: KeyFindingKind, keyId: string, identity = ""): string {
  return createHash("sha256").update(`${kind}\n${keyId}\n${identity}`).digest("hex");
}

/** Without what only serves to find it again, and without people's addresses: an audit log is kept for good. */
function toSnapshot(row: KeyFinding | null): object | null {
  if (row === null) return null;
  const { uniqueKey: _, samples: __, ...rest } = row;
  return rest;
}
