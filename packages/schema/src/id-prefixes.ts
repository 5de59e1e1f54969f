/**
 * The prefixes of ids. An id's prefix tells a person, a log reader and the API what kind of thing the id names.
 *
 * Add it here: three letters, never one that is in use, and never change one: ids are stored for good.
 */
import { randomBase62 } from "./base62.js";
import { type RandomBytes, secureRandomBytes } from "./random.js";

/** The registry of id prefixes by the kind of thing. */
export const idPrefixes = {
  Tenant: "ten",
  User: "usr",
  CustomRole: "rol",
  Team: "tea",
  TeamMember: "mem",
  Key: "key",
  Api: "api",
  ApiGrant: "grt",
  IntegrityRun: "int",
  IntegrityFinding: "fnd",
  Event: "evt",
  AuditRecord: "aud",
  ManagementToken: "tok",
  OAuthClient: "cli",
  TrustedIssuer: "iss",
  Request: "req",
  Session: "ses",
  SigningKey: "sig",
  Mail: "eml",
  Quota: "quo",
  QuotaEntry: "qen",
  KeyFinding: "kfn",
  Webhook: "whk",
  WebhookDelivery: "dlv",
} as const satisfies Record<string, string>;

/** A kind of thing that has ids. */
export type IdKind = keyof typeof idPrefixes;

/** 24 base62 digits carry 142 bits, more than a random UUID's 122. */
const randomLength = 24;
const idPattern = /^([a-z]{3})_[0-9A-Za-z]{24}$/;
const kindByPrefix: ReadonlyMap<string, IdKind> = new Map(
  Object.entries(idPrefixes).map(([kind, prefix]) => [prefix, kind as IdKind]),
);

/**
 * A new id, such as `key_` and 24 base62 characters. Ids are random, not ordered: they give nothing away of when or how
 * many.
 *
 * @param randomBytes source of randomness; the platform's cryptographic generator by default.
 */
export function createId(kind: IdKind, randomBytes: RandomBytes = secureRandomBytes): string {
  return `${idPrefixes[kind]}_${randomBase62(randomLength, randomBytes)}`;
}

/** The kind of thing that an id names, or null when the text does not have the shape of an id. Says nothing of existence. */
export function kindOfId(id: string): IdKind | null {
  const prefix = idPattern.exec(id)?.[1];
  return prefix === undefined ? null : (kindByPrefix.get(prefix) ?? null);
}
