import { checkRotationDue, type ExaminedCheck, restoreWindowMs, type VerdictCode } from "@keyplane/schema";
import type { Key } from "../../../platform/database/index.js";
import { defaultExpiry } from "../../keys/index.js";
import { recordOf } from "../reading.js";
import { createInPlace, createLike } from "./another-key.js";
import { addressRemedies, scopeRemedies } from "./bound-remedies.js";
import { grantRemedies, quotaRemedies, rateRemedies, retiredRemedies } from "./circumstance-remedies.js";
import { resolveDeleted } from "./deleted-owner.js";
import { replaceInOtherHands, resolveInOtherHands } from "./leak-remedies.js";
import type { Draft } from "./remedy.js";
import { renewal, worksOnWords } from "./renewal.js";
import type { Sick } from "./sick.js";

/** How long a key is extended where the tenant's policy says nothing, in milliseconds: 90 days. */
export const usualLifetimeMs = 90 * 24 * 60 * 60 * 1_000;

/** What mends each code. Where nothing is listed, nothing in Keyplane does. */
const makers: Readonly<Partial<Record<VerdictCode, (sick: Sick) => readonly Draft[]>>> = {
  WRONG_ENVIRONMENT: (sick) => {
    const { key, secret } = sick.rows;
    const { environment = key.environment } = sick;
    // A secret that says otherwise than its key: a new one says what the key does.
    const isContradiction = !secret.start.includes(`_${key.environment.toLowerCase()}_`);
    return environment === key.environment && isContradiction
      ? [renew(sick, "WRONG_ENVIRONMENT")]
      : createInPlace(sick, "WRONG_ENVIRONMENT", environment);
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
  REVOKED: (sick) => createInPlace(sick, "REVOKED", sick.environment ?? sick.rows.key.environment),
  EXPIRED: (sick) => {
    const { rows, now } = sick;
    const { key, tenant } = rows;
    // It was not rotated in time, which a later expiry does not mend.
    const overdue = checkRotationDue(recordOf(rows), now) ? [renew(sick, "EXPIRED")] : [];
    if (!key.expiresAt || key.expiresAt.getTime() > now) return overdue;
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
      ...overdue,
    ];
  },
  SUPERSEDED: (sick) => [renew(sick, "SUPERSEDED")],
  QUARANTINED: (sick) => [...undoTampering(sick), release(sick)],
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
  OWNER_NOT_FOUND: (sick) => {
    const heir = reissue(sick, "OWNER_NOT_FOUND");
    // A member of the key's team is nearer than a new user.
    const isOfTeam = heir.length > 0 && sick.rows.key.teamId !== null;
    return [...(sick.bounding ? [sick.bounding] : []), ...heir, ...(isOfTeam ? [] : resolve(sick))];
  },
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
  API_NOT_GRANTED: (sick) => grantRemedies(sick),
  API_RETIRED: (sick) => retiredRemedies(sick),
  IP_NOT_ALLOWED: (sick) => addressRemedies(sick),
  RATE_LIMITED: (sick) => rateRemedies(sick),
  QUOTA_EXCEEDED: (sick) => quotaRemedies(sick),
};

/**
 * What mends a key, in the order in which to do it: one remedy or several for every check that fails now or would. Of a key that is gone for good,
 * only what takes its place.
 */
export function remediesFor(sick: Sick): Draft[] {
  const { rows, now, checks } = sick;
  const { deletedAt, revokedAt } = rows.key;
  const isGone = revokedAt !== null || (deletedAt !== null && now >= deletedAt.getTime() + restoreWindowMs);
  const drafts = failing(checks)
    .flatMap((code) => makers[code]?.(sick) ?? [])
    .filter(({ input }) => !isOfDeleted(sick, input));
  if (isGone && failing(checks).some((code) => code === "REVOKED" || code === "NOT_FOUND")) {
    const code = revokedAt === null ? "NOT_FOUND" : "REVOKED";
    const another = createInPlace(sick, code, sick.environment ?? rows.key.environment);
    return [...forAnother(sick, drafts), ...another, ...resolveInOtherHands(sick)];
  }
  const replaced = replaceInOtherHands(sick);
  const another = drafts.filter(({ mutation, code }) => mutation !== "rotateKey" && code === "WRONG_ENVIRONMENT");
  // A key must have been extended or restored before it gets a secret.
  const first = drafts.filter(
    ({ mutation, code }) => code === "NOT_FOUND" || (mutation === "updateKey" && code === "EXPIRED"),
  );
  if (another.length > 0) {
    return [
      ...(replaced.length > 0 ? first : []),
      ...replaced,
      ...forAnother(sick, drafts),
      ...another,
      ...resolveInOtherHands(sick),
    ];
  }
  if (sick.isRotationDue) drafts.push(renew(sick, "VALID"));
  // Once the leaked secret is replaced, no other one is needed; and before that, nothing may let it in.
  const isNeeded = (draft: Draft): boolean =>
    !(replaced.length > 0 && draft.mutation === "rotateKey") && !first.includes(draft);
  return [...first, ...replaced, ...drafts.filter(isNeeded), ...resolveInOtherHands(sick)];
}

/** A deleted owner is history, which nothing changes: the key's next owner has lists and limits of their own. */
function isOfDeleted({ rows: { owner }, deleted }: Sick, { id, targetId }: Draft["input"]): boolean {
  return owner !== null && deleted !== null && [id, targetId].includes(owner.id);
}

/** What a key needs, too, that takes the place of this one: what is not about this one, nor about an owner who is not that one's. */
function forAnother({ rows: { key, owner }, successor, deleted }: Sick, drafts: readonly Draft[]): Draft[] {
  return drafts.filter(({ mutation, input }) => {
    // What makes the other one itself.
    if (mutation === "createKey" || mutation === "createUser" || input.id === deleted?.namesake?.id) return false;
    if ([input.id, input.keyId, input.targetId].includes(key.id)) return false;
    if (successor === null) return true;
    const isOfOwner = owner !== null && [input.id, input.targetId].includes(owner.id);
    return mutation !== "updateRole" && !isOfOwner;
  });
}

function failing(checks: readonly ExaminedCheck[]): VerdictCode[] {
  return checks.filter(({ wouldFail }) => wouldFail === true).map(({ code }) => code);
}

function renew(
  { rows: { key, tenant }, written, now }: Sick,
  code: "WRONG_ENVIRONMENT" | "EXPIRED" | "SUPERSEDED" | "VALID",
): Draft {
  return {
    code,
    mutation: "rotateKey",
    title: "Give the key a new secret",
    ...renewal(tenant, written ?? key, now, (overlapMs) => renewalWords(overlapMs)[code]),
    scopes: key.scopes,
  };
}

/** What becomes of the current secret, by why the key gets another one: it is accepted, refused as too old, or not the presented one. */
function renewalWords(overlapMs: number) {
  const worksOn = worksOnWords(overlapMs);
  const another = `The answer holds a new secret, for whoever has lost the current one. The current one ${worksOn}; the presented one stays refused.`;
  return {
    WRONG_ENVIRONMENT: another,
    SUPERSEDED: another,
    EXPIRED: `The answer holds a new secret. The present one ${overlapMs === 0 ? "stays refused" : `is accepted again, and ${worksOn}`}.`,
    VALID: `The answer holds a new secret. The current one ${worksOn}.`,
  };
}

/** What a key was before somebody changed it past Keyplane: as a new key, or dead again. */
function undoTampering(sick: Sick): Draft[] {
  const { written, rows } = sick;
  if (!written) return [];
  // Nobody gets in the place of a key what was taken away on purpose.
  if (written.revokedAt !== null) return [endAgain(rows.key, "revokeKey", "revoked", written.revokedAt)];
  if (written.deletedAt !== null) {
    return rows.key.deletedAt === null ? [endAgain(rows.key, "deleteKey", "deleted", written.deletedAt)] : [];
  }
  const title = "Create a key as Keyplane has last written this one";
  const { disabledAt, expiresAt } = written;
  const warnings = [
    ...(disabledAt === null ? [] : [` That one was disabled at ${disabledAt.toISOString()}: ask first why.`]),
    ...(expiresAt === null || expiresAt.getTime() > sick.now
      ? []
      : [` That one expired at ${expiresAt.toISOString()}: ask first whether another one is due.`]),
  ];
  return createLike(sick, "QUARANTINED", written.environment).map((draft) => ({
    ...draft,
    title,
    effect: [draft.effect, ...warnings].join(""),
  }));
}

function endAgain({ id }: Key, mutation: "revokeKey" | "deleteKey", was: string, at: Date): Draft {
  const when = at.toISOString();
  return {
    code: "QUARANTINED",
    mutation,
    input: { id, reason: `it was ${was} at ${when}, which somebody has undone past Keyplane` },
    title: `The key was ${was}: make it so again`,
    effect: `Keyplane had ${was} the key at ${when}. It is ${was} again, whatever else of its row was changed.`,
  };
}

function release({ rows: { key } }: Sick): Draft {
  return {
    code: "QUARANTINED",
    mutation: "releaseKey",
    input: { id: key.id, reason: "accepted after a diagnosis" },
    title: "Or accept the key as it stands",
    effect:
      "The key is accepted as its row is now, with whatever somebody has changed past Keyplane, and signed. Only after you know who it was; else create another key and revoke this one.",
    scopes: key.scopes,
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

/** The five steps with the deleted owner's address, on a key that its team lets go of. */
function resolve(sick: Sick): Draft[] {
  const { key } = sick.rows;
  const resolved = resolveDeleted(sick);
  // The owner of a team's key is a member of the team, which a new user is not.
  if (key.teamId === null || resolved.length === 0) return resolved;
  const effect =
    "Its members see it no more, and the team's bounds do not hold. Give it back to the team once its new owner is a member.";
  return [
    {
      code: "OWNER_NOT_FOUND",
      mutation: "updateKey",
      input: { id: key.id, teamId: null },
      title: "Take the key out of its team",
      effect,
      scopes: key.scopes,
    },
    ...resolved,
  ];
}
