import type { VerdictCode } from "@keyplane/schema";
import type { Key } from "../../../platform/database/index.js";
import { limitedOf } from "../../../platform/limited.js";
import { keyScopesOf } from "../../roles/index.js";
import { isOneAddress, listsLetting } from "./bound-remedies.js";
import { createAnew, enableNamesake } from "./deleted-owner.js";
import type { Draft } from "./remedy.js";
import type { Sick } from "./sick.js";

/** A new key with all that the old one may do: of one that is quarantined, what Keyplane has last written; nothing where that is not known. */
export function createLike(sick: Sick, code: VerdictCode, environment: Key["environment"]): Draft[] {
  const { rows, successor } = sick;
  const { owner } = rows;
  const key = rows.key.quarantinedAt === null ? rows.key : sick.written;
  if (!key) return [];
  // Somebody else was written than the row says, or one who could take the key over; where there is nobody, nobody can have it.
  const isOther = key.ownerId !== rows.key.ownerId;
  const present = owner?.status === "DELETED" ? undefined : owner?.id;
  const newOwner = isOther || owner?.status === "ACTIVE" ? key.ownerId : (successor?.id ?? present);
  // What is quarantined is not given to somebody else: whose it was written is among what may have been changed.
  if (newOwner === undefined) return key === rows.key ? createForAnew(sick, code, environment) : [];
  return [draftOf(sick, key, { code, environment, ownerId: newOwner })];
}

/** For whoever has the address of the deleted owner; where there is nobody yet, first this user. */
function createForAnew(sick: Sick, code: VerdictCode, environment: Key["environment"]): Draft[] {
  const { deleted, rows } = sick;
  if (!deleted) return [];
  const { namesake } = deleted;
  if (!namesake) return [createAnew(deleted, code)];
  // Who is no member of the team has no key of it; what it withholds, the new one does not carry.
  const bound = rows.team ? keyScopesOf(rows.team) : rows.foreign.team;
  const scopes = rows.key.scopes.filter((scope) => bound === null || bound.includes(scope));
  const key = { ...rows.key, teamId: null, scopes };
  const create = draftOf(sick, key, { code, environment, ownerId: namesake.id });
  const ofTeam = rows.key.teamId === null ? "" : " It is of no team, and carries what the old one's team left it.";
  return [
    ...(namesake.status === "DISABLED" ? [enableNamesake(namesake, code)] : []),
    { ...create, effect: `${create.effect}${ofTeam}` },
  ];
}

/** @param key as which the new one is made. */
function draftOf(
  sick: Sick,
  key: Key,
  { code, environment, ownerId }: { code: VerdictCode; environment: Key["environment"]; ownerId: string },
): Draft {
  const { rows, now } = sick;
  const { tenant } = rows;
  const keepsExpiry = key.expiresAt !== null && key.expiresAt.getTime() > now && tenant.maxKeyLifetimeMs === null;
  const scopes = tenant.restrictScopes ? key.scopes.filter((each) => tenant.allowedScopes.includes(each)) : key.scopes;
  return {
    code,
    mutation: "createKey",
    input: {
      tenantId: key.tenantId,
      ownerId,
      ...(key.teamId === null ? {} : { teamId: key.teamId }),
      name: key.name,
      environment,
      scopes,
      metadata: key.metadata,
      allowedIps: key.allowedIps,
      deniedIps: key.deniedIps,
      ...(keepsExpiry ? { expiresAt: key.expiresAt?.toISOString() } : {}),
      ...(key.rotateEveryMs == null ? {} : { rotateEveryMs: Number(key.rotateEveryMs) }),
      ...(key.rotationOverdue == null ? {} : { rotationOverdue: key.rotationOverdue }),
      ...(key.rotationOverlapMs == null ? {} : { rotationOverlapMs: Number(key.rotationOverlapMs) }),
      ...(sick.receiverId === null ? {} : { rotationWebhookId: sick.receiverId }),
    },
    title: code === "WRONG_ENVIRONMENT" ? `Create a ${environment} key like this one` : "Create a key like this one",
    effect: `A new ${environment} key with ${scopes.length === key.scopes.length ? "the same scopes" : "those of its scopes that the tenant's policy allows"}, the same addresses and metadata. Its secret is in the answer; the old key stays as it is.${sick.bounding ? " What bounded the deleted owner's keys is on the new one itself." : ""}${lackWords(sick)}`,
    ...(sick.receiverId === null ? {} : { alsoNeeds: ["keys:rotate"] as const }),
    scopes,
  };
}

/** The same, for the call that was refused: with the scopes that it asks for, and let in from where it comes. */
export function createInPlace(sick: Sick, code: VerdictCode, environment: Key["environment"]): Draft[] {
  const { scopes: asked = [], ip } = sick;
  return createLike(sick, code, environment).map((draft) => {
    if (draft.mutation !== "createKey") return draft;
    const { scopes, allowedIps, deniedIps } = draft.input as Pick<Key, "scopes" | "allowedIps" | "deniedIps">;
    const added = asked.filter((scope) => !scopes.includes(scope));
    const lists = isOneAddress(ip) ? listsLetting(ip, { allowedIps, deniedIps }) : null;
    const all = [...scopes, ...added];
    const more = [...added, ...(lists?.allowedIps || lists?.deniedIps ? [`use from ${ip}`] : [])];
    const input = {
      ...draft.input,
      scopes: all,
      allowedIps: lists?.allowedIps ?? allowedIps,
      deniedIps: lists?.deniedIps ?? deniedIps,
    };
    const effect =
      more.length === 0 ? draft.effect : `${draft.effect} It has besides what the call needs: ${more.join(", ")}.`;
    return { ...draft, input, effect, scopes: all };
  });
}

/** What a new key does not get with the old one's columns. */
function lackWords({ rows: { key }, grants }: Sick): string {
  const limited = limitedOf(key);
  const lacking = [
    ...(grants === 0 ? [] : [`access to APIs (${grants})`]),
    ...(limited && limited.rules.length > 0
      ? [`rate limits (${limited.rules.map(({ name }) => name).join(", ")})`]
      : []),
    ...(limited?.quotaId ? ["quota"] : []),
  ];
  return lacking.length === 0 ? "" : ` The new one lacks what the old one has of its own: ${lacking.join(", ")}.`;
}
