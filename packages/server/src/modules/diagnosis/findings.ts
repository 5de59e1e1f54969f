import {
  type Decision,
  type DiagnosisFindingCode,
  type KeyFindingKind,
  type KeyRepair,
  refusesOverdue,
  rotateBy,
} from "@keyplane/schema";
import type { Key, KeyFinding, KeySecret } from "../../platform/database/index.js";
import { type Danger, sharedWords } from "../lifecycle/index.js";
import type { ApiStanding } from "./circumstances/api-standing.js";
import { newerWords } from "./circumstances/circumstance-words.js";
import type { Circumstances } from "./circumstances/circumstances.js";
import type { DiagnoseKeyInput } from "./diagnosis.input.js";
import type { Rows } from "./diagnosis.store.js";
import type { HeldUp } from "./held-up.js";
import type { Presented } from "./presented.js";
import { recordOf } from "./reading.js";
import type { RefusedCall } from "./refused-calls.js";

/** How many calls are named that a limit has refused. */
const maxLimitedNamed = 5;

/** Something that a diagnosis has found besides its checks. */
export interface Finding {
  readonly code: DiagnosisFindingCode;
  readonly message: string;
  /** The key that it is about, if it is another one than the diagnosis itself; else null. */
  readonly key: Key | null;
  /** What was wrong with a text from which the right key could be told; left out: nothing was. */
  readonly repair?: KeyRepair;
}

const repairWords: Readonly<Record<KeyRepair, (position: number | null) => string>> = {
  SURROUNDED: () => "Without what stands around or within the key",
  RECASED: () => "With prefix and environment in lower case",
  OTHER_SEPARATORS: () => "With one underscore each between prefix, environment and the rest",
  MISSING_PREFIX: () => "With the prefix and the environment that it lacks",
  WRONG_CHARACTER: (position) => `With another character at position ${position} (counted from 0)`,
  SWAPPED_CHARACTERS: (position) =>
    `With the characters at positions ${position} and ${(position ?? 0) + 1} (counted from 0) in the other order`,
  MISSING_CHARACTER: (position) => `With a character more at position ${position} (counted from 0)`,
  SURPLUS_CHARACTER: (position) => `Without the character at position ${position} (counted from 0)`,
};

/** What is found about a text that is no key that the caller may see. */
export function findingsOfText(
  { repaired, similar }: Presented,
  repairedDecision: Decision | null,
  isStart: boolean,
): Finding[] {
  if (repaired) {
    const { by, secret } = repaired;
    const verdict =
      repairedDecision === null ? "" : ` Its verdict would be ${repairedDecision.code}: ${repairedDecision.message}`;
    const message = `${repairWords[by.repair](by.position)}, this is the key “${secret.key.name}” (${secret.start}…). Copy it again, alone and unchanged.${verdict}`;
    return [{ code: "KEY_TEXT_REPAIRED", message, key: secret.key, repair: by.repair }];
  }
  return similar.map(({ key, start }) =>
    isStart
      ? {
          code: "AMBIGUOUS_START",
          message: `Several keys begin like this: “${key.name}” (${key.id}) is one. Ask again with its id.`,
          key,
        }
      : {
          code: "SIMILAR_KEY",
          message: `The key “${key.name}” ${beginning(key, start)}: it may have been meant. Copy its whole secret again; if it is lost, rotate the key.`,
          key,
        },
  );
}

/** How a secret of a key begins, and how its newest does where that is another one. */
export function beginning(key: Key, start: string): string {
  return start === key.start
    ? `begins with ${start}`
    : `had a secret that begins with ${start} and was replaced (its newest begins with ${key.start})`;
}

/** What is found about a key that there is. */
export function findingsOfKey(
  rows: Rows | null,
  pending: KeySecret | null,
  owner: DiagnoseKeyInput["owner"],
  at: number,
): Finding[] {
  if (rows === null) return [];
  const { supersededAt, stopsAt } = rows.secret;
  const findings: Finding[] = [];
  if (supersededAt !== null && stopsAt !== null && stopsAt.getTime() > at) {
    const message = `This secret was rotated away at ${supersededAt.toISOString()} and works until ${stopsAt.toISOString()} only. Deploy the new one before.`;
    findings.push({ code: "OLD_SECRET_IN_USE", message, key: null });
  }
  // Of a key that is gone neither secret opens anything, deployed or not.
  if (pending && !isGone(rows.key, at)) {
    const made = pending.createdAt.toISOString();
    const message =
      pending.hash === rows.secret.hash
        ? `This secret was made at ${made} and was not used yet: with its first use it takes the place of the current one.`
        : `A new secret (${pending.start}…) was made at ${made} and was not used yet: callers still present the current one. Deploy the new one.`;
    findings.push({ code: "SECRET_PENDING", message, key: null });
  }
  const differences = outdatedWords(rows, owner);
  if (differences.length > 0) {
    const message = `Your system holds other details of the owner than Keyplane: ${differences.join("; ")}. Mend the one that is out of date.`;
    findings.push({ code: "OWNER_OUTDATED", message, key: null });
  }
  return findings;
}

function isGone({ revokedAt, deletedAt }: Key, at: number): boolean {
  return [revokedAt, deletedAt].some((time) => time !== null && time.getTime() <= at);
}

/** The details that differ, in words. */
function outdatedWords({ owner }: Rows, expected: DiagnoseKeyInput["owner"]): string[] {
  return Object.entries(outdatedDetails(owner, expected)).map(
    ([name, value]) => `${name} is “${value}” there and “${String(owner?.[name as "email"] ?? "")}” here`,
  );
}

/** What a caller's own system holds of an owner where that differs. */
export function outdatedDetails(
  owner: Rows["owner"],
  expected: DiagnoseKeyInput["owner"],
): { email?: string; name?: string; externalId?: string } {
  if (!owner || owner.status === "DELETED" || !expected) return {};
  const { email, name, externalId } = expected;
  return {
    ...(email !== undefined && email.trim().toLowerCase() !== owner.email ? { email } : {}),
    ...(name !== undefined && name.trim() !== owner.name ? { name } : {}),
    ...(externalId !== undefined && externalId !== owner.externalId ? { externalId } : {}),
  };
}

const findingCodes: Readonly<Record<KeyFindingKind, DiagnosisFindingCode>> = {
  LEAKED: "KEY_LEAKED",
  SHARED: "KEY_SHARED",
  IDLE: "KEY_IDLE",
  NEVER_EXPIRES: "KEY_NEVER_EXPIRES",
};
/** What to do about a secret that was found in public, by what it can still do. */
const leakAdvice: Readonly<Record<Danger, string>> = {
  OPEN: "Replace it, remove it from there, and resolve the finding.",
  DORMANT:
    "It opens nothing while the key is expired or deleted. Replace it before you resolve the finding, if the key is ever to be used again.",
  NONE: "It works no more, so nothing is left to replace: remove it from there, and resolve the finding.",
};
const findingWords: Readonly<Record<KeyFindingKind, (finding: KeyFinding, danger: Danger) => string>> = {
  LEAKED: ({ start, place, source, firstAt }, danger) =>
    `The secret ${start ?? ""}… was found at ${place ?? "a place that is not known"}${source ? ` by ${source}` : ""}, told at ${firstAt.toISOString()}. ${leakAdvice[danger]}`,
  SHARED: (finding) =>
    `The key ${sharedWords(finding)}, which is more than the tenant's lifecycle policy allows: others may have it, too. That was found at ${finding.firstAt.toISOString()}. Replace its secret, and resolve the finding.`,
  IDLE: ({ firstAt }) =>
    `It was not used for as long as the tenant's policy says, as was seen at ${firstAt.toISOString()}. Revoke it when nobody needs it.`,
  NEVER_EXPIRES: ({ firstAt }) =>
    `It has no expiresAt, which the tenant's policy does not want, as was seen at ${firstAt.toISOString()}. Set one with updateKey.`,
};

/** What else was found about the key, and is not dealt with. */
export function findingsOfLifecycle(
  open: readonly KeyFinding[],
  key: Key | null,
  dangers: ReadonlyMap<string, Danger>,
  at: number,
): Finding[] {
  return open
    .filter((finding) => key === null || stillHolds(finding, key, at))
    .map((finding) => {
      const kind = finding.kind as KeyFindingKind;
      const message = findingWords[kind](finding, dangers.get(finding.id) ?? "OPEN");
      return { code: findingCodes[kind], message, key: null };
    });
}

/**
 * Whether something that was found is still so. What the policy does not want is looked at once an hour, and a diagnosis knows at once
 * that somebody has seen to it. Of a key that is gone for good nobody need say that it is unwanted, nor of a disabled one that it is idle.
 */
export function stillHolds({ kind, firstAt }: KeyFinding, key: Key, at: number): boolean {
  const { revokedAt, deletedAt, disabledAt, expiresAt, lastUsedAt } = key;
  const isGone = revokedAt !== null || deletedAt !== null;
  if (kind === "NEVER_EXPIRES") return !isGone && expiresAt === null;
  if (kind !== "IDLE") return true;
  const wasUsedSince = lastUsedAt !== null && lastUsedAt > firstAt && lastUsedAt.getTime() <= at;
  return !isGone && disabledAt === null && !wasUsedSince;
}

/** When a key should have got a new secret that is not refused for that; null: it need not have. */
export function overdueSince(rows: Rows, at: number): number | null {
  const record = recordOf(rows);
  const due = rotateBy(record);
  return due === null || due > at || refusesOverdue(record) ? null : due;
}

/**
 * What is found about a call that is no reason to refuse it.
 *
 * @param refused the refused calls that are told; null: not known.
 */
export function findingsOfCall(
  rows: Rows | null,
  { api, unknown }: Circumstances,
  at: number,
  heldUp: HeldUp,
  refused: readonly RefusedCall[] | null,
): Finding[] {
  const findings: Finding[] = [];
  const due = rows && overdueSince(rows, at);
  if (due != null) {
    const message = `The key should have got a new secret by ${new Date(due).toISOString()}. It goes on working. Rotate it with rotateKey, and overlapMs: null for as long an overlap as the policy says: left out, the old secret stops at once.`;
    findings.push({ code: "ROTATION_OVERDUE", message, key: null });
  }
  const deprecated = api && deprecation(api, at);
  if (deprecated) findings.push({ code: "API_DEPRECATED", message: deprecated, key: null });
  if (unknown.rateLimits || unknown.quota) {
    const what = [unknown.rateLimits ? "rate limits" : "", unknown.quota ? "a quota" : ""]
      .filter(Boolean)
      .join(" and ");
    const message = `The key's calls were under ${what} then. How much of that was used at that moment is not kept. ${limitedWords(refused, at)}`;
    findings.push({ code: "LIMITS_NOT_KNOWN", message, key: null });
  }
  if (heldUp.ms > 0) {
    const who = heldUp.isOwn ? "You have" : "Another verifier of the tenant has";
    const message = `${who} presented too many unknown keys from the network of ${heldUp.ip}: for another ${heldUp.ms} ms verifyKey answers ${heldUp.isOwn ? "" : "that verifier "}RATE_LIMITED for unknown keys from there. Then they are let in again by themselves. ${rows ? thisKeyWords : "Keys that the server knows it verifies all the same."}`;
    findings.push({ code: "ADDRESS_HELD_UP", message, key: null });
  }
  return findings;
}

/** Whether a server knows a key is told by no diagnosis: the next moment, and the next server, may say otherwise. */
const thisKeyWords =
  "This key is verified all the same, unless the server does not know it: it has not read it yet, right after a start, or has no room for it in memory. Then this key is refused for as long, too.";

/** Which calls of the key a limit has refused around a moment, the nearest first. */
function limitedWords(refused: readonly RefusedCall[] | null, at: number): string {
  if (refused === null) return "Whether calls around it were refused for that is not known.";
  const limited = refused
    .filter(
      ({ code, matchedBy }) => matchedBy.includes("KEY") && (code === "RATE_LIMITED" || code === "QUOTA_EXCEEDED"),
    )
    .sort((one, other) => Math.abs(one.at.getTime() - at) - Math.abs(other.at.getTime() - at))
    .slice(0, maxLimitedNamed);
  if (limited.length === 0)
    return "None of the key's calls in refusedCalls was refused with RATE_LIMITED or QUOTA_EXCEEDED.";
  const calls = limited.map(({ code, api, at: when }) => `${code}${api ? ` for ${api}` : ""} at ${when.toISOString()}`);
  return `Of the key's calls around it, limits have refused, the nearest first: ${calls.join("; ")}. See refusedCalls.`;
}

function deprecation(standing: ApiStanding, at: number): string | null {
  const { name, deprecatedAt, retiredAt } = standing.asked;
  if (deprecatedAt === null || deprecatedAt > at || (retiredAt !== null && retiredAt <= at)) return null;
  const end = retiredAt === null ? "" : `, and is refused from ${new Date(retiredAt).toISOString()} on`;
  const newer = newerWords(standing, at);
  return `${name} is deprecated since ${new Date(deprecatedAt).toISOString()}${end}. Call a newer version${newer}.`;
}

/** What is said where the state of then is not known for sure. */
export function incomplete(unsure: readonly string[]): Finding[] {
  if (unsure.length === 0) return [];
  const message = `What was kept of ${[...new Set(unsure)].join(", ")} at that moment is not known for sure: audit records are missing. The verdict is of the nearest state that is known.`;
  return [{ code: "HISTORY_INCOMPLETE", message, key: null }];
}
