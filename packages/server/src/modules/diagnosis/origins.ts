import type { ExaminedCheck, LimitTarget, VerdictCode } from "@keyplane/schema";
import type { AuditRecord, Db, KeySecret } from "../../platform/database/index.js";
import { findHistory } from "../audit/index.js";
import type { Circumstances } from "./circumstances/circumstances.js";
import type { Rows } from "./diagnosis.store.js";
import { actionsOn, changesOf, limitActions } from "./history.js";
import { overdueSource, retiredSource } from "./refused-since.js";
import { textOf } from "./tampering.js";

/** How many of the latest changes of a thing are looked through for the one that made it so. */
const maxChanges = 100;

/** Since when something is as a check found it, and who made it so. */
export interface Origin {
  readonly since: Date | null;
  readonly by: string | null;
}

/** Whose state a code is about, and the fields whose change made it so. */
interface Source {
  readonly of: keyof typeof actionsOn;
  readonly fields: readonly string[];
  /** How the actions end that are meant, of whatever fields. */
  readonly actions?: readonly string[];
}

const limitSources = (actions: readonly string[]): readonly Source[] =>
  (["key", "owner", "tenant", "api"] as const).map((of) => ({ of, fields: [], actions }));

const sources: Readonly<Partial<Record<VerdictCode, readonly Source[]>>> = {
  WRONG_ENVIRONMENT: [{ of: "key", fields: ["environment"] }],
  NOT_FOUND: [{ of: "key", fields: ["deletedAt"] }],
  REVOKED: [{ of: "key", fields: ["revokedAt"] }],
  EXPIRED: [{ of: "key", fields: ["expiresAt"] }],
  QUARANTINED: [{ of: "key", fields: ["quarantinedAt"] }],
  DISABLED: [{ of: "key", fields: ["disabledAt"] }],
  OWNER_NOT_FOUND: [
    { of: "key", fields: ["ownerId"] },
    { of: "owner", fields: ["status"] },
  ],
  OWNER_DISABLED: [{ of: "owner", fields: ["status"] }],
  TENANT_SUSPENDED: [{ of: "tenant", fields: ["status"] }],
  INSUFFICIENT_SCOPE: [
    { of: "key", fields: ["scopes", "teamId"] },
    { of: "owner", fields: ["customRoleId"] },
    { of: "role", fields: ["keyScopes", "restrictKeyScopes"] },
    { of: "team", fields: ["keyScopes", "restrictKeyScopes"] },
  ],
  IP_NOT_ALLOWED: [
    { of: "key", fields: ["allowedIps", "deniedIps"] },
    { of: "owner", fields: ["allowedIps", "deniedIps"] },
    { of: "tenant", fields: ["allowedIps", "deniedIps"] },
  ],
  API_NOT_GRANTED: [
    { of: "grant", fields: ["status"] },
    { of: "api", fields: ["slug", "access"] },
  ],
  RATE_LIMITED: limitSources(limitActions.rateLimits),
  QUOTA_EXCEEDED: limitSources(limitActions.quota),
};

/** Which changes of a key take the place of a secret with another. */
const superseding: readonly string[] = ["key.rotated", "key.rotation_prepared", "key.reissued"];

export type OriginOf = (check: ExaminedCheck) => Origin;

/**
 * Makes the function that tells since when something is as a check found it, and who made it so.
 *
 * @param mayAudit whether the caller may know what the audit log says; without it only the times that the thing itself has are told.
 */
export async function readOrigins(
  db: Db,
  rows: Rows | null,
  circumstances: Circumstances,
  at: Date,
  mayAudit: boolean,
): Promise<OriginOf> {
  if (rows === null) return () => ({ since: null, by: null });
  const { key, owner, tenant, role, team } = rows;
  const { api = null, grant = null } = circumstances.api ?? {};
  const histories: Partial<Record<Source["of"], Awaited<ReturnType<typeof findHistory>>>> = {};
  const things = { key, owner, tenant, role, team, api, grant };
  if (mayAudit) {
    for (const [kind, thing] of Object.entries(things)) {
      if (!thing) continue;
      const action = actionsOn[kind as Source["of"]];
      histories[kind as Source["of"]] = await findHistory(
        db,
        { tenantId: key.tenantId, targetId: thing.id, action, until: at },
        maxChanges,
      );
    }
  }
  const isOverdue = key.expiresAt === null || key.expiresAt > at;
  const replaced = mayAudit ? await findSuperseding(db, rows) : null;
  return ({ code, wouldFail }) => {
    if (code === "SUPERSEDED" && wouldFail) return { since: supersededSince(rows.secret), by: whoOf(replaced) };
    const ruled = wouldFail ? ruledSource(code) : null;
    if (ruled) return { since: timeOf(ruled.since), by: whoOf(ruled.change) };
    const of = sources[code] ?? [];
    const refusing = wouldFail ? refusingHolders(code, circumstances) : null;
    const changes = of
      .filter((source) => refusing === null || refusing.includes(source.of))
      .flatMap((source) => latestChange(histories[source.of] ?? [], source, things[source.of]) ?? []);
    const latest = changes.sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime())[0];
    const own = wouldFail ? ownTime(code, rows) : null;
    return { since: own ?? latest?.createdAt ?? null, by: whoOf(latest ?? null) };
  };

  /** Of what is refused by a rule from a moment on; null: of nothing such. */
  function ruledSource(code: VerdictCode): ReturnType<typeof overdueSource> | null {
    const { key: ofKey = [], tenant: ofTenant = [], api: ofApi = [] } = histories;
    if (code === "EXPIRED" && isOverdue && rows) return overdueSource(rows, { key: ofKey, tenant: ofTenant });
    const version = circumstances.api?.asked.found?.version;
    return code === "API_RETIRED" && api && version ? retiredSource(api, version, ofApi) : null;
  }
}

/** The change that took the place of a secret, by the moment at which it did; null: none, or nobody knows which of several. */
async function findSuperseding(db: Db, { key, secret }: Rows): Promise<AuditRecord | null> {
  const { supersededAt } = secret;
  if (supersededAt === null) return null;
  const after = new Date(supersededAt.getTime() - 1);
  const of = { tenantId: key.tenantId, targetId: key.id, action: actionsOn.key, after };
  const [change, ...others] = changesOf(await findHistory(db, of, maxChanges)).filter(
    (each) => superseding.includes(each.record.action) && each.after?.updatedAt.getTime() === supersededAt.getTime(),
  );
  const isOne = others.every(({ record }) => record.actorId === change?.record.actorId);
  return change && isOne ? change.record : null;
}

function supersededSince({ supersededAt, stopsAt }: KeySecret): Date | null {
  return stopsAt ?? supersededAt;
}

function whoOf(record: AuditRecord | null): string | null {
  return record && `${record.actorName} (${record.actorId})`;
}

const holders = { KEY: "key", USER: "owner", TENANT: "tenant", API: "api" } as const satisfies Record<
  LimitTarget,
  Source["of"]
>;

/** Whose limits refuse; null: it is no limit that does. */
function refusingHolders(code: VerdictCode, { limits }: Circumstances): Source["of"][] | null {
  if (code !== "RATE_LIMITED" && code !== "QUOTA_EXCEEDED") return null;
  const states = code === "RATE_LIMITED" ? (limits?.rateLimits ?? []) : limits?.quota ? [limits.quota] : [];
  const exceeded = states.filter((state) => state.exceeded);
  return exceeded.length === 0 ? null : exceeded.map(({ target }) => holders[target]);
}

/** The time that the thing itself has of what is the matter with it. */
function ownTime(code: VerdictCode, { key, owner, tenant }: Rows): Date | null {
  switch (code) {
    case "NOT_FOUND":
      return key.deletedAt;
    case "REVOKED":
      return key.revokedAt;
    case "EXPIRED":
      return key.expiresAt;
    case "QUARANTINED":
      return key.quarantinedAt;
    case "DISABLED":
      return key.disabledAt;
    case "OWNER_NOT_FOUND":
    case "OWNER_DISABLED":
      return owner?.statusChangedAt ?? null;
    case "TENANT_SUSPENDED":
      return tenant.statusChangedAt;
    default:
      return null;
  }
}

function timeOf(epochMs: number | null): Date | null {
  return epochMs === null ? null : new Date(epochMs);
}

/**
 * The latest record, of those newest first, of one of the actions, or in which one of the fields changed; null where that is not how
 * they are now: somebody has changed them past Keyplane, for which whoever made the last recorded change is not to blame.
 */
function latestChange(
  records: readonly AuditRecord[],
  { fields, actions }: Source,
  thing: object | null,
): AuditRecord | null {
  if (actions) return records.find(({ action }) => actions.some((end) => action.endsWith(`.${end}`))) ?? null;
  const present = thing as Record<string, unknown> | null;
  let newest: AuditRecord | undefined;
  for (const { record, before, after } of changesOf(records)) {
    // Those of one millisecond are in no order: any of them may be the last.
    if (newest && record.createdAt < newest.createdAt) return null;
    const [was, is] = [before, after] as (Record<string, unknown> | null)[];
    if (fields.every((field) => textOf(was?.[field]) === textOf(is?.[field]))) continue;
    if (fields.every((field) => textOf(is?.[field]) === textOf(present?.[field]))) return record;
    newest ??= record;
  }
  return null;
}
