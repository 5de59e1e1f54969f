import { createId } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { Database, Transaction } from "../../platform/database/index.js";
import { type Page, type PageArguments, pageByCreation } from "../../platform/pages.js";
import { parseArguments } from "../../platform/validation.js";
import { authorize, type Principal, visibleTo } from "../auth/index.js";
import type { AuditActor, AuditRecord } from "./audit.record.js";
import { auditFilterSchema, countAuditRecords, findAuditRecords, insertAuditRecord } from "./audit.store.js";
import { auditSnapshot } from "./lib/audit-snapshot.js";

/** A change as the service that makes it tells it. */
export interface AuditedChange {
  readonly actor: AuditActor;
  /** What was done, as `<thing>.<past participle>`, e.g. `key.revoked`. */
  readonly action: string;
  readonly tenantId: string | null;
  readonly target: {
    readonly type:
      | "Tenant"
      | "User"
      | "CustomRole"
      | "Team"
      | "Key"
      | "ManagementToken"
      | "Api"
      | "ApiGrant"
      | "IntegrityRun"
      | "SigningKey"
      | "Session"
      | "OAuthClient"
      | "TrustedIssuer"
      | "KeyFinding"
      | "Webhook"
      | "WebhookDelivery";
    readonly id: string;
  };
  /** The thing before and after; null where it did not exist. Secrets are removed by name. */
  readonly before: object | null;
  readonly after: object | null;
  /** Why, in the words of whoever did it. */
  readonly reason?: string | null | undefined;
}

const order = "auditLog.CREATED_AT_DESC";

export type Audit = ReturnType<typeof createAudit>;

export function createAudit({ database, clock }: { database: Database; clock: Clock }) {
  return {
    /** Writes the record of a change. Takes the transaction of the change: both are kept, or neither. */
    async record(tx: Transaction, change: AuditedChange): Promise<void> {
      await insertAuditRecord(tx, {
        id: createId("AuditRecord"),
        tenantId: change.tenantId,
        actorType: change.actor.type,
        actorId: change.actor.id,
        actorName: change.actor.name,
        action: change.action,
        targetType: change.target.type,
        targetId: change.target.id,
        before: auditSnapshot(change.before),
        after: auditSnapshot(change.after),
        reason: change.reason ?? null,
        address: change.actor.address,
        requestId: change.actor.requestId,
        createdAt: new Date(clock.now()),
      });
    },

    /** The records that the caller may see, newest first. @throws ForbiddenError without `audit:read`. */
    async list(principal: Principal, rawFilter: unknown, page: PageArguments): Promise<Page<AuditRecord>> {
      authorize(principal, "audit:read");
      const filter = parseArguments(auditFilterSchema, rawFilter);
      const visibility = visibleTo(principal);
      return pageByCreation(page, {
        order,
        read: (after, take) => findAuditRecords(database.prisma, visibility, filter, after, take),
        totalCount: () => countAuditRecords(database.prisma, visibility, filter),
      });
    },
  };
}
