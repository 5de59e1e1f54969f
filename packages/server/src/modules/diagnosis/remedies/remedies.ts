import { type ExaminedCheck, isCidrOrAddress, matchesCidr, restoreWindowMs, type VerdictCode } from "@keyplane/schema";
import type { Key, User } from "../../../platform/database/index.js";
import { defaultExpiry, scopeIssues } from "../../keys/index.js";
import type { OpenShared } from "../../lifecycle/index.js";
import { keyScopesOf } from "../../roles/index.js";
import type { Rows } from "../diagnosis.store.js";
import type { Draft } from "./remedy.js";

/** How long a key is extended where the tenant's policy says nothing, in milliseconds: 90 days. */
const usualLifetimeMs = 90 * 24 * 60 * 60 * 1_000;
/** How long an old secret works on beside the one that takes its place, in milliseconds: a day. */
const overlapMs = 24 * 60 * 60 * 1_000;

/** What remedies are made of: the present state, whatever moment the diagnosis is about. */
export interface Sick {
  readonly rows: Rows;
  readonly checks: readonly ExaminedCheck[];
  readonly now: number;
  readonly scopes: readonly string[] | undefined;
  readonly environment: "LIVE" | "TEST" | undefined;
  readonly ip: string | undefined;
  /** A user who could take over the key. */
  readonly successor: User | null;
}

/** What mends each code. Where nothing is listed, nothing in Keyplane does. */
const makers: Readonly<Partial<Record<VerdictCode, (sick: Sick) => readonly Draft[]>>> = {
  WRONG_ENVIRONMENT: (sick) => {
    const { key, secret } = sick.rows;
    const { environment = key.environment } = sick;
    // A secret that says otherwise than its key: a new one says what the key does.
    const isContradiction = !secret.start.includes(`_${key.environment.toLowerCase()}_`);
    return environment === key.environment && isContradiction
      ? [renew(key, "WRONG_ENVIRONMENT")]
      : [createLike(sick, "WRONG_ENVIRONMENT", environment)];
  },
  NOT_FOUND: ({ rows: { key } }) => [
    {
      code: "NOT_FOUND",
      mutation: "restoreKey",
      input: { id: key.id },
      title: "Restore the key",
      effect: `The key “${key.name}” comes back as it was before it was deleted, with the same secrets.`,
      scopes: key.scopes,
    },
  ],
  REVOKED: (sick) => [createLike(sick, "REVOKED", sick.rows.key.environment)],
  EXPIRED: ({ rows: { key, tenant }, now }) => {
    // Not its own date: it was not rotated in time, which a later expiry does not mend.
    if (!key.expiresAt || key.expiresAt.getTime() > now) {
      const effect =
        "The answer holds a new secret. The present one is accepted again for a day, until it is replaced.";
      return [{ ...renew(key, "EXPIRED"), effect }];
    }
    const expiresAt = defaultExpiry(tenant, now) ?? new Date(now + usualLifetimeMs);
    return [
      {
        code: "EXPIRED",
        mutation: "updateKey",
        input: { id: key.id, expiresAt: expiresAt.toISOString() },
        title: "Extend the key",
        effect: `The key works again, until ${expiresAt.toISOString()}.`,
        scopes: key.scopes,
      },
    ];
  },
  SUPERSEDED: ({ rows: { key } }) => [renew(key, "SUPERSEDED")],
  DISABLED: ({ rows: { key } }) => [
    {
      code: "DISABLED",
      mutation: "enableKey",
      input: { id: key.id },
      title: "Enable the key",
      effect: "The key is accepted again, with the secrets that it has.",
      scopes: key.scopes,
    },
  ],
  OWNER_NOT_FOUND: (sick) => [...reissue(sick, "OWNER_NOT_FOUND"), ...resolve(sick)],
  OWNER_DISABLED: (sick) => {
    const { owner } = sick.rows;
    const enable: Draft[] = owner
      ? [
          {
            code: "OWNER_DISABLED",
            mutation: "enableUser",
            input: { id: owner.id },
            title: "Enable the owner",
            effect: `${owner.name} is active again, and so are all keys and tokens of this user.`,
          },
        ]
      : [];
    return [...enable, ...reissue(sick, "OWNER_DISABLED")];
  },
  TENANT_SUSPENDED: ({ rows: { tenant } }) =>
    tenant.status === "SUSPENDED"
      ? [
          {
            code: "TENANT_SUSPENDED",
            mutation: "resumeTenant",
            input: { id: tenant.id },
            title: "Resume the tenant",
            effect: `All keys and management tokens of the tenant “${tenant.name}” answer again as they did before it was suspended.`,
          },
        ]
      : [],
  INSUFFICIENT_SCOPE: (sick) => scopeRemedies(sick),
  IP_NOT_ALLOWED: (sick) => addressRemedies(sick),
};

/**
 * What mends a key, in the order in which to do it: one remedy or several for every check that fails now or would. Of a key that is gone for good,
 * only what takes its place.
 */
export function remediesFor(sick: Sick): Draft[] {
  const { rows, now, checks } = sick;
  const { deletedAt, revokedAt } = rows.key;
  const isGone = revokedAt !== null || (deletedAt !== null && now >= deletedAt.getTime() + restoreWindowMs);
  if (isGone && failing(checks).some((code) => code === "REVOKED" || code === "NOT_FOUND")) {
    const code = revokedAt === null ? "NOT_FOUND" : "REVOKED";
    return [...ownerFirst(sick), createLike(sick, code, sick.environment ?? rows.key.environment)];
  }
  return failing(checks).flatMap((code) => makers[code]?.(sick) ?? []);
}

/** What mends a key that too many have: nobody but its holder has the new secret. */
export function sharedRemedies({ key }: Rows, { finding }: OpenShared): Draft[] {
  if (key.revokedAt || key.deletedAt) return [];
  return [
    {
      code: "VALID",
      mutation: "rotateKey",
      input: { id: key.id, overlapMs: 0 },
      title: "Give the key a new secret that nobody else has",
      effect:
        "The answer holds a new secret. The present one stops at once, for its holder, too: have the new one deployed then, or give a longer overlapMs.",
      scopes: key.scopes,
    },
    {
      code: "VALID",
      mutation: "resolveKeyFinding",
      input: { id: finding.id, reason: "The key has a new secret." },
      title: "Mark the finding as dealt with",
      effect: "From where the key is used is counted anew. Nothing else changes.",
    },
  ];
}

function failing(checks: readonly ExaminedCheck[]): VerdictCode[] {
  return checks.filter(({ wouldFail }) => wouldFail === true).map(({ code }) => code);
}

/** A new key needs an owner and a tenant that are active. */
function ownerFirst(sick: Sick): readonly Draft[] {
  const codes = failing(sick.checks);
  return (["OWNER_DISABLED", "TENANT_SUSPENDED"] as const)
    .filter((code) => codes.includes(code) && !(code === "OWNER_DISABLED" && sick.successor))
    .flatMap((code) => makers[code]?.(sick) ?? []);
}

function renew(key: Key, code: VerdictCode): Draft {
  return {
    code,
    mutation: "rotateKey",
    input: { id: key.id, overlapMs },
    title: "Give the key a new secret",
    effect:
      "The answer holds a new secret, for whoever has lost the current one. The current one works on for a day; the presented one stays refused.",
    scopes: key.scopes,
  };
}

/** A new key with all that the old one may do. */
function createLike(sick: Sick, code: VerdictCode, environment: Key["environment"]): Draft {
  const { rows, now, successor } = sick;
  const { key, owner, tenant } = rows;
  const newOwner = owner?.status === "ACTIVE" || !successor ? (owner?.id ?? key.ownerId) : successor.id;
  const keepsExpiry = key.expiresAt !== null && key.expiresAt.getTime() > now && tenant.maxKeyLifetimeMs === null;
  const scopes = tenant.restrictScopes ? key.scopes.filter((each) => tenant.allowedScopes.includes(each)) : key.scopes;
  return {
    code,
    mutation: "createKey",
    input: {
      tenantId: key.tenantId,
      ownerId: newOwner,
      ...(key.teamId === null ? {} : { teamId: key.teamId }),
      name: key.name,
      environment,
      scopes,
      metadata: key.metadata,
      allowedIps: key.allowedIps,
      deniedIps: key.deniedIps,
      ...(keepsExpiry ? { expiresAt: key.expiresAt?.toISOString() } : {}),
    },
    title: code === "WRONG_ENVIRONMENT" ? `Create a ${environment} key like this one` : "Create a key like this one",
    effect: `A new ${environment} key with the same scopes, addresses and metadata. Its secret is in the answer; the old key stays as it is.`,
    scopes,
  };
}

function reissue({ rows: { key }, successor }: Sick, code: VerdictCode): Draft[] {
  if (!successor) return [];
  return [
    {
      code,
      mutation: "reissueKey",
      input: { id: key.id, ownerId: successor.id },
      title: `Reissue the key to ${successor.name}`,
      effect: `The key belongs to ${successor.name} <${successor.email}> and gets a new secret; the old one stops at once.`,
      scopes: key.scopes,
    },
  ];
}

/** The five steps, with the owner's details as they were. */
function resolve({ rows: { key, owner } }: Sick): Draft[] {
  // Where data is corrupt, the owner may be of another tenant: then it is nobody.
  if (!owner || owner.tenantId !== key.tenantId) return [];
  const { email, name, role } = owner;
  return [
    {
      code: "OWNER_NOT_FOUND",
      mutation: "resolveInvalidUser",
      input: {
        keyId: key.id,
        user: { email, name, role },
      },
      title: "Find or create the user anew, and reissue the key",
      effect: `A user with the address of the deleted one is found or created, the key is reissued to them with a new secret, and tested. Ask with dryRun: true for the plan.`,
      alsoNeeds: ["users:create"],
      scopes: key.scopes,
    },
  ];
}

function scopeRemedies({ rows: { key, tenant, role, team }, scopes = [] }: Sick): Draft[] {
  const code = "INSUFFICIENT_SCOPE";
  const drafts: Draft[] = [];
  const missing = scopes.filter((scope) => !key.scopes.includes(scope));
  const all = [...new Set([...key.scopes, ...missing])];
  if (missing.length > 0) {
    if (scopeIssues(tenant, missing).length > 0) {
      const allowedScopes = [...new Set([...tenant.allowedScopes, ...missing])];
      drafts.push({
        code,
        mutation: "updateTenant",
        input: { id: tenant.id, policy: { allowedScopes } },
        title: "Allow the scopes in the tenant's policy",
        effect: `Keys of the tenant may carry ${missing.join(", ")}, too. It gives them to none yet.`,
      });
    }
    drafts.push({
      code,
      mutation: "updateKey",
      input: { id: key.id, scopes: all },
      title: "Give the key the missing scopes",
      effect: `The key carries ${missing.join(", ")}, too.`,
      scopes: all,
    });
  }
  for (const [mutation, holder] of [
    ["updateRole", role],
    ["updateTeam", team],
  ] as const) {
    const bound = holder && keyScopesOf(holder);
    if (!holder || bound === null || scopes.every((scope) => bound.includes(scope))) continue;
    const withheld = scopes.filter((scope) => !bound.includes(scope));
    const keyScopes = [...new Set([...bound, ...withheld])];
    const whose = mutation === "updateRole" ? "all whose owners have this role" : "all of this team";
    drafts.push({
      code,
      mutation,
      input: { id: holder.id, keyScopes },
      title: `Let keys of the ${mutation === "updateRole" ? "role" : "team"} “${holder.name}” use the scopes`,
      effect: `Keys that carry ${withheld.join(", ")} can use them: ${whose}.`,
      scopes: keyScopes,
    });
  }
  return drafts;
}

/** Whose address lists there are, and what changes them. */
const addressLevels = [
  ["key", "updateKey"],
  ["owner", "updateUser"],
  ["tenant", "updateTenant"],
] as const;

function addressRemedies({ rows, ip }: Sick): Draft[] {
  if (ip === undefined || !isCidrOrAddress(ip) || ip.includes("/")) return [];
  return addressLevels.flatMap(([level, mutation]) => {
    const holder = rows[level];
    if (!holder) return [];
    const deniedIps = holder.deniedIps.filter((entry) => isCidrOrAddress(entry) && !matchesCidr(ip, [entry]));
    const takenOff = holder.deniedIps.filter((entry) => !deniedIps.includes(entry));
    const isAllowed = holder.allowedIps.length === 0 || matchesCidr(ip, holder.allowedIps);
    if (isAllowed && takenOff.length === 0) return [];
    const whose =
      level === "key" ? "The key" : level === "owner" ? "Every key of the owner" : "Every key of the tenant";
    return {
      code: "IP_NOT_ALLOWED",
      mutation,
      input: {
        id: holder.id,
        ...(isAllowed ? {} : { allowedIps: [...holder.allowedIps, ip] }),
        ...(takenOff.length === 0 ? {} : { deniedIps }),
      },
      title: `Let ${level === "key" ? "the key" : `keys of the ${level}`} be used from ${ip}`,
      effect: [
        ...(isAllowed ? [] : [`${whose} can be used from ${ip}, too, as far as these lists go.`]),
        ...(takenOff.length === 0 ? [] : [`Taken off the deny list: ${takenOff.join(", ")}.`]),
      ].join(" "),
      ...(level === "key" ? { scopes: rows.key.scopes } : { givesAnyScope: true }),
    } satisfies Draft;
  });
}
