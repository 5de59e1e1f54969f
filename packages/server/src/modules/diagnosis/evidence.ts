import {
  type ExaminedCheck,
  effectiveScopes,
  type KeyFormatResult,
  type KeyRecord,
  type VerdictCode,
} from "@keyplane/schema";
import type { AuditRecord, Db } from "../../platform/database/index.js";
import { findHistory } from "../audit/index.js";
import type { Rows } from "./diagnosis.store.js";
import { actionsOn, changesOf } from "./history.js";

/** How many of the latest changes of a thing are looked through for the one that made it so. */
const maxChanges = 100;

/** What a check looked at. */
export interface Seen {
  readonly format: KeyFormatResult;
  readonly record: KeyRecord | null;
  readonly rows: Rows | null;
  readonly scopes: readonly string[] | undefined;
  readonly environment: string | undefined;
  readonly ip: string | undefined;
  readonly api: string | undefined;
  /** Whether the caller may know who the owner is. */
  readonly showsOwner: boolean;
}

/** Since when something is as a check found it, and who made it so. */
export interface Origin {
  readonly since: Date | null;
  readonly by: string | null;
}

/** What a person may see of what a check looked at. A refusal is told in the words of its verdict. */
export function evidenceOf(check: ExaminedCheck, seen: Seen): string | null {
  if (check.refusal) return check.refusal.hint ?? check.refusal.message;
  if (check.wouldFail === null) return null;
  return passed[check.code]?.(seen) ?? null;
}

const passed: Readonly<Partial<Record<VerdictCode, (seen: Seen) => string | null>>> = {
  MALFORMED: ({ format }) => (format.ok ? `The text has the form of a key: ${format.start}…` : null),
  CHECKSUM_MISMATCH: () => "The checksum fits: no typing error.",
  WRONG_ENVIRONMENT: ({ format, environment }) => {
    if (!format.ok) return null;
    return environment === undefined
      ? `${format.environment}; none was asked for.`
      : `${format.environment}, as asked.`;
  },
  NOT_FOUND: ({ record, rows }) =>
    record && rows ? `“${record.key.name}” (${record.key.id}), created at ${rows.key.createdAt.toISOString()}.` : null,
  REVOKED: () => "It was never revoked.",
  EXPIRED: ({ record }) => {
    if (!record) return null;
    return record.key.expiresAt === null ? "It never expires." : `It expires at ${iso(record.key.expiresAt)}.`;
  },
  SUPERSEDED: ({ record, rows }) => {
    if (!record || !rows) return null;
    const { supersededAt, stopsAt } = record.secret;
    if (supersededAt === null) return `This is the current secret, made at ${rows.secret.createdAt.toISOString()}.`;
    return `This secret was rotated away at ${iso(supersededAt)}, and works until ${iso(stopsAt ?? supersededAt)}.`;
  },
  DISABLED: () => "It is not disabled.",
  OWNER_NOT_FOUND: ({ record, showsOwner }) => {
    if (!record?.owner) return null;
    if (!showsOwner) return "There is an owner, whom you may not see.";
    const { name, email, id, externalId } = record.owner;
    return `${name} <${email}> (${id}${externalId === null ? "" : `, external id ${externalId}`}).`;
  },
  OWNER_DISABLED: ({ record }) => (record?.owner ? `The owner is ${record.owner.status}.` : null),
  TENANT_SUSPENDED: ({ record }) => (record ? `The tenant ${record.tenant.id} is ${record.tenant.status}.` : null),
  INSUFFICIENT_SCOPE: ({ record, scopes }) => {
    if (!record) return null;
    const has = effectiveScopes(record.key).join(", ") || "none";
    return scopes === undefined || scopes.length === 0
      ? `No scopes were asked for. The key can use: ${has}.`
      : `It has what was asked for: ${scopes.join(", ")}. The key can use: ${has}.`;
  },
  API_NOT_GRANTED: ({ api }) => (api === undefined ? "No API was named." : `Nothing keeps the key from ${api}.`),
  API_RETIRED: ({ api }) => (api === undefined ? "No API was named." : `${api} is in service.`),
  IP_NOT_ALLOWED: ({ record, ip }) => {
    if (!record) return null;
    const { key, owner, tenant } = record;
    const lists = Object.entries({ key, owner, tenant }).flatMap(([whose, rules]) => {
      const { allowedIps = [], deniedIps = [] } = rules ?? {};
      if (allowedIps.length + deniedIps.length === 0) return [];
      return `${whose}: allowed ${allowedIps.join(", ") || "all"}, denied ${deniedIps.join(", ") || "none"}`;
    });
    return lists.length === 0
      ? "The key is bound to no addresses."
      : `${ip ?? "The address"} is allowed. ${lists.join("; ")}.`;
  },
  RATE_LIMITED: () => "No rate limit refuses it. Nothing was taken from any: a diagnosis costs nothing.",
  QUOTA_EXCEEDED: () => "No quota refuses it. Nothing was taken from any: a diagnosis costs nothing.",
};

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** Whose state a code is about, and the fields whose change made it so. */
interface Source {
  readonly of: keyof typeof actionsOn;
  readonly fields: readonly string[];
}

const sources: Readonly<Partial<Record<VerdictCode, readonly Source[]>>> = {
  NOT_FOUND: [{ of: "key", fields: ["deletedAt"] }],
  REVOKED: [{ of: "key", fields: ["revokedAt"] }],
  EXPIRED: [{ of: "key", fields: ["expiresAt"] }],
  SUPERSEDED: [{ of: "key", fields: ["rotatedAt"] }],
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
};

export type OriginOf = (check: ExaminedCheck) => Origin;

/**
 * Makes the function that tells since when something is as a check found it, and who made it so.
 *
 * @param mayAudit whether the caller may know what the audit log says; without it only the times that the thing itself has are told.
 */
export async function readOrigins(db: Db, rows: Rows | null, at: Date, mayAudit: boolean): Promise<OriginOf> {
  if (rows === null) return () => ({ since: null, by: null });
  const { key, owner, tenant, role, team } = rows;
  const histories: Partial<Record<Source["of"], Awaited<ReturnType<typeof findHistory>>>> = {};
  if (mayAudit) {
    for (const [kind, thing] of Object.entries({ key, owner, tenant, role, team })) {
      if (!thing) continue;
      const action = actionsOn[kind as Source["of"]];
      histories[kind as Source["of"]] = await findHistory(db, { targetId: thing.id, action, until: at }, maxChanges);
    }
  }
  return ({ code, wouldFail }) => {
    const changes = (sources[code] ?? []).flatMap(({ of, fields }) => latestChange(histories[of] ?? [], fields) ?? []);
    const latest = changes.sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime())[0];
    const own = wouldFail ? ownTime(code, rows) : null;
    return {
      since: own ?? latest?.createdAt ?? null,
      by: latest ? `${latest.actorName} (${latest.actorId})` : null,
    };
  };
}

/** The time that the thing itself has of what is the matter with it. */
function ownTime(code: VerdictCode, { key, secret, owner, tenant }: Rows): Date | null {
  switch (code) {
    case "NOT_FOUND":
      return key.deletedAt;
    case "REVOKED":
      return key.revokedAt;
    case "EXPIRED":
      return key.expiresAt;
    case "SUPERSEDED":
      return secret.stopsAt ?? secret.supersededAt;
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

/** The latest record, of those newest first, in which one of the fields changed. */
function latestChange(records: readonly AuditRecord[], fields: readonly string[]): AuditRecord | null {
  for (const { record, before, after } of changesOf(records)) {
    const [was, is] = [before ?? {}, after ?? {}] as Record<string, unknown>[];
    if (fields.some((field) => JSON.stringify(was?.[field] ?? null) !== JSON.stringify(is?.[field] ?? null)))
      return record;
  }
  return null;
}
