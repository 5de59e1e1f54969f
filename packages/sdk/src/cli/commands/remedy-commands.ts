import type { ApiVersionInput, RateLimitInput } from "../../_generated/schema-types.js";
import { typedDuration } from "../options.js";
import { safe } from "../output/text.js";
import { typedVersion } from "./apis.js";
import { typedRateLimit } from "./limits.js";

/** How the input of a mutation is typed. */
interface Spelling {
  readonly path: string;
  /** The field that stands behind the command, without an option's name. */
  readonly argument?: string;
  /** The options by the fields of the input; a field within another as `user.email`. */
  readonly options?: Readonly<Record<string, string>>;
}

const reason = { reason: "--reason" } as const;

/** The commands that do what mutations of remedies do. Add a mutation here when it gets a command; a test types each of them. */
export const spellings: Readonly<Record<string, Spelling>> = {
  approveApiAccess: { path: "apis approve", argument: "id" },
  createKey: {
    path: "keys create",
    options: {
      tenantId: "--tenant",
      ownerId: "--owner",
      teamId: "--team",
      name: "--name",
      environment: "--environment",
      scopes: "--scopes",
      metadata: "--metadata",
      allowedIps: "--allowed-ips",
      deniedIps: "--denied-ips",
      expiresAt: "--expires-at",
      rotateEveryMs: "--rotate-every",
      rotationOverdue: "--rotation-overdue",
      rotationOverlapMs: "--rotation-overlap",
      rotationWebhookId: "--rotation-webhook",
    },
  },
  createUser: {
    path: "users create",
    options: {
      tenantId: "--tenant",
      email: "--email",
      name: "--name",
      role: "--role",
      customRoleId: "--custom-role",
      allowedIps: "--allowed-ips",
      deniedIps: "--denied-ips",
    },
  },
  deleteKey: { path: "keys delete", argument: "id", options: reason },
  disableKey: { path: "keys disable", argument: "id", options: reason },
  enableKey: { path: "keys enable", argument: "id" },
  enableUser: { path: "users enable", argument: "id" },
  grantApiAccess: { path: "apis grant", options: { apiId: "--api-id", keyId: "--key-id" } },
  reissueKey: { path: "keys reissue", argument: "id", options: { ownerId: "--owner" } },
  releaseKey: { path: "keys release", argument: "id", options: reason },
  requestApiAccess: { path: "apis request", options: { apiId: "--api-id", keyId: "--key-id" } },
  resetQuota: { path: "quotas reset", argument: "targetId", options: reason },
  resolveInvalidUser: {
    path: "keys resolve",
    options: {
      keyId: "--id",
      "user.email": "--email",
      "user.name": "--name",
      "user.role": "--role",
      "user.customRoleId": "--custom-role",
      "user.allowedIps": "--allowed-ips",
      "user.deniedIps": "--denied-ips",
    },
  },
  resolveKeyFinding: { path: "findings resolve", argument: "id", options: reason },
  restoreKey: { path: "keys restore", argument: "id" },
  resumeTenant: { path: "tenants resume", argument: "id" },
  revokeKey: { path: "keys revoke", argument: "id", options: reason },
  rotateKey: { path: "keys rotate", argument: "id", options: { overlapMs: "--overlap" } },
  setRateLimits: { path: "limits set", argument: "targetId", options: { rateLimits: "--rate" } },
  topUpQuota: {
    path: "quotas top-up",
    argument: "targetId",
    options: { amount: "--amount", idempotencyKey: "--attempt", ...reason },
  },
  updateApi: { path: "apis update", argument: "id", options: { versions: "--versions" } },
  updateKey: {
    path: "keys update",
    argument: "id",
    options: {
      scopes: "--scopes",
      expiresAt: "--expires-at",
      teamId: "--team",
      allowedIps: "--allowed-ips",
      deniedIps: "--denied-ips",
    },
  },
  updateRole: { path: "roles update", argument: "id", options: { keyScopes: "--key-scopes" } },
  updateTeam: { path: "teams update", argument: "id", options: { keyScopes: "--key-scopes" } },
  updateTenant: {
    path: "tenants update",
    argument: "id",
    options: {
      "policy.allowedScopes": "--allowed-scopes",
      "policy.maxKeysPerUser": "--max-keys-per-user",
      allowedIps: "--allowed-ips",
      deniedIps: "--denied-ips",
    },
  },
  updateUser: {
    path: "users update",
    argument: "id",
    options: {
      email: "--email",
      name: "--name",
      externalId: "--external-id",
      allowedIps: "--allowed-ips",
      deniedIps: "--denied-ips",
    },
  },
};

/**
 * What to type behind `keyplane` for a mutation with its input, quoted for a shell; null where no command does all of that, because half
 * of a remedy can be worse than none.
 */
export function commandFor(mutation: string, input: Readonly<Record<string, unknown>>): string | null {
  const spelling = spellings[mutation];
  const words = spelling ? wordsOf(spelling, input) : [null];
  return words.includes(null) ? null : [spelling?.path, ...words].join(" ");
}

/** The words of an input; null for what cannot be typed. */
function wordsOf(spelling: Spelling, input: object, within = ""): (string | null)[] {
  return Object.entries(input).flatMap(([field, value]) => {
    const name = `${within}${field}`;
    const option = spelling.options?.[name];
    if (name === spelling.argument) return [quoted(textOf(name, value))];
    if (option === undefined) return isObject(value) ? wordsOf(spelling, value, `${name}.`) : [null];
    // A new thing has nothing where nothing is said.
    if (isObject(value) && Object.keys(value).length === 0 && spelling.path.endsWith(" create")) return [];
    return [option, quoted(textOf(name, value))];
  });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** A value as it is typed, before the shell; null where it cannot be. */
function textOf(name: string, value: unknown): string | null {
  if (typeof value === "string") return value;
  // No team is an empty text.
  if (value === null) return name === "teamId" ? "" : null;
  if (typeof value === "number") return name.endsWith("Ms") ? typedDuration(value) : String(value);
  if (!isObject(value)) return null;
  if (!Array.isArray(value)) return JSON.stringify(value);
  if (name === "rateLimits") return (value as RateLimitInput[]).map(typedRateLimit).join(",");
  if (name === "versions") {
    const versions = (value as ApiVersionInput[]).map(typedVersion);
    return versions.length === 0 || versions.includes(null) ? null : versions.join(",");
  }
  // An empty text says none to some options, and is refused by others: `none` is their word.
  if (value.length === 0) return name === "deniedIps" ? "none" : "";
  return value.every((each) => typeof each === "string" && /^[^\s,]+$/.test(each)) ? value.join(",") : null;
}

function quoted(text: string | null): string | null {
  // What a terminal must not be shown cannot be copied from it either.
  if (text === null || safe(text) !== text) return null;
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
