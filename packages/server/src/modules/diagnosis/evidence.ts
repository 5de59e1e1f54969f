import {
  type ExaminedCheck,
  effectiveScopes,
  type KeyFormatResult,
  type KeyRecord,
  refusesOverdue,
  rotateBy,
  type VerdictCode,
} from "@keyplane/schema";
import { type AddressLevel, isBoundToAddresses, lettingWords, refusingWords } from "./address-words.js";
import { grantWords, inServiceWords, quotaWords, rateLimitWords } from "./circumstances/circumstance-words.js";
import type { Circumstances } from "./circumstances/circumstances.js";
import type { Rows } from "./diagnosis.store.js";
import type { Presented } from "./presented.js";

/** What a check looked at. */
export interface Seen {
  /** The moment that it is about, epoch milliseconds. */
  readonly at: number;
  readonly by: Presented["by"];
  readonly format: KeyFormatResult | null;
  readonly record: KeyRecord | null;
  readonly rows: Rows | null;
  readonly circumstances: Circumstances;
  readonly scopes: readonly string[] | undefined;
  readonly environment: string | undefined;
  readonly ip: string | undefined;
  readonly api: string | undefined;
  /** Whether the caller may know who the owner is. */
  readonly showsOwner: boolean;
  /** Whether the secret waited for its first use. */
  readonly waits: boolean;
  /** Whether the caller may know which APIs the tenant has. */
  readonly showsApis: boolean;
  /** Whose address lists the caller may read. */
  readonly showsLists: ReadonlySet<AddressLevel>;
  /** How a quarantined key differs from what Keyplane has last written of it; null: not asked, or not to be shown. */
  readonly tampering: string | null;
}

/** What a person may see of what a check looked at. A refusal is told in the words of its verdict. */
export function evidenceOf(check: ExaminedCheck, seen: Seen): string | null {
  if (check.refusal) {
    const said = check.refusal.hint ?? check.refusal.message;
    const more = refused[check.code]?.(seen);
    return more ? `${said} ${more}` : said;
  }
  if (check.wouldFail === null) return unseen[check.code]?.(seen) ?? null;
  return passed[check.code]?.(seen) ?? null;
}

const noText = ({ by }: Seen): string | null =>
  by === "text" ? null : `Not checked: the key was named by its ${by}, and nobody has presented its text.`;

/** Why nothing could be checked. */
const unseen: Readonly<Partial<Record<VerdictCode, (seen: Seen) => string | null>>> = {
  MALFORMED: noText,
  CHECKSUM_MISMATCH: noText,
  WRONG_ENVIRONMENT: (seen) => (seen.format ? null : noText(seen)),
  RATE_LIMITED: ({ circumstances }) =>
    circumstances.unknown.rateLimits ? "There were rate limits; how much of them was used then is not kept." : null,
  QUOTA_EXCEEDED: ({ circumstances }) =>
    circumstances.unknown.quota ? "There was a quota; how much of it was used then is not kept." : null,
};

/** What is said besides the words of the verdict. */
const refused: Readonly<Partial<Record<VerdictCode, (seen: Seen) => string | null>>> = {
  QUARANTINED: ({ rows, tampering }) =>
    [rows?.key.quarantinedReason, tampering].filter((said) => said != null).join(" ") || null,
  IP_NOT_ALLOWED: ({ record, ip, showsLists }) => record && refusingWords(record, ip, showsLists),
  API_NOT_GRANTED: ({ circumstances: { api }, showsApis }) => api && grantWords(api, showsApis),
  API_RETIRED: ({ at, circumstances: { api } }) => api && inServiceWords(api, at),
  RATE_LIMITED: ({ circumstances: { limits } }) => rateLimitWords(limits),
  QUOTA_EXCEEDED: ({ circumstances: { limits } }) => quotaWords(limits),
};

const passed: Readonly<Partial<Record<VerdictCode, (seen: Seen) => string | null>>> = {
  MALFORMED: ({ format }) => (format?.ok ? `The text has the form of a key: ${format.start}…` : null),
  CHECKSUM_MISMATCH: () => "The checksum fits: no typing error.",
  WRONG_ENVIRONMENT: ({ format, environment }) => {
    if (!format?.ok) return null;
    return environment === undefined
      ? `${format.environment}; none was asked for.`
      : `${format.environment}, as asked.`;
  },
  NOT_FOUND: ({ record, rows }) =>
    record && rows ? `“${record.key.name}” (${record.key.id}), created at ${rows.key.createdAt.toISOString()}.` : null,
  REVOKED: () => "It was never revoked.",
  EXPIRED: ({ record }) => {
    if (!record) return null;
    const { expiresAt } = record.key;
    const due = refusesOverdue(record) ? rotateBy(record) : null;
    if (due !== null && (expiresAt === null || due < expiresAt)) {
      return `It has to get a new secret by ${iso(due)}, and is refused from then on where it has none.`;
    }
    return expiresAt === null ? "It never expires." : `It expires at ${iso(expiresAt)}.`;
  },
  SUPERSEDED: ({ record, rows, waits }) => {
    if (!record || !rows) return null;
    const { supersededAt, stopsAt } = record.secret;
    const made = rows.secret.createdAt.toISOString();
    if (supersededAt === null) {
      return waits
        ? `This secret was made at ${made} and waits for its first use, with which it takes the place of the current one.`
        : `This is the current secret, made at ${made}.`;
    }
    return `This secret was rotated away at ${iso(supersededAt)}, and works until ${iso(stopsAt ?? supersededAt)}.`;
  },
  QUARANTINED: () => "No integrity check has found anything wrong with its record.",
  DISABLED: () => "It is not disabled.",
  OWNER_NOT_FOUND: ({ record, showsOwner }) => {
    if (!record?.owner) return null;
    if (!showsOwner) return "There is an owner, whom you may not see.";
    const { name, email, id, externalId } = record.owner;
    return `${name} <${email}> (${id}${externalId === null ? "" : `, external id ${externalId}`}).`;
  },
  OWNER_DISABLED: ({ rows }) => (rows?.owner ? `The owner is ${rows.owner.status}.` : null),
  TENANT_SUSPENDED: ({ record }) => (record ? `The tenant ${record.tenant.id} is ${record.tenant.status}.` : null),
  INSUFFICIENT_SCOPE: ({ record, scopes }) => {
    if (!record) return null;
    const has = effectiveScopes(record.key).join(", ") || "none";
    return scopes === undefined || scopes.length === 0
      ? `No scopes were asked for. The key can use: ${has}.`
      : `It has what was asked for: ${scopes.join(", ")}. The key can use: ${has}.`;
  },
  API_NOT_GRANTED: ({ api, circumstances }) => {
    if (api === undefined) return "No API was named.";
    const standing = circumstances.api;
    if (!standing) return `The tenant has no APIs: ${api} is only a name for usage.`;
    return standing.grant ? grantWords(standing, false) : `Every key of the tenant may call ${standing.asked.name}.`;
  },
  API_RETIRED: ({ api, circumstances }) => {
    if (api === undefined) return "No API was named.";
    const asked = circumstances.api?.asked;
    if (!asked?.found) return `Nothing is known of ${api}.`;
    return asked.retiredAt === null
      ? `${asked.name} is in service.`
      : `${asked.name} is in service until ${iso(asked.retiredAt)}.`;
  },
  IP_NOT_ALLOWED: ({ record, ip, showsLists }) => {
    if (!record) return null;
    if (!isBoundToAddresses(record)) return "The key is bound to no addresses.";
    const lists = lettingWords(record, showsLists);
    return `${ip ?? "The address"} is allowed.${lists === null ? "" : ` ${lists}.`}`;
  },
  RATE_LIMITED: ({ circumstances: { limits } }) => rateLimitWords(limits) ?? "It is under no rate limit.",
  QUOTA_EXCEEDED: ({ circumstances: { limits } }) => quotaWords(limits) ?? "It is under no quota.",
};

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
