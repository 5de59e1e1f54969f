import {
  type Decision,
  type DecisionRequest,
  type ExaminedCheck,
  examine,
  type KeyFormatResult,
} from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { Database, Db, Key } from "../../platform/database/index.js";
import { BadUserInputError } from "../../platform/errors.js";
import type { GuessLimiter } from "../../platform/guess-limiter.js";
import { parseArguments } from "../../platform/validation.js";
import { authorize, type Principal } from "../auth/index.js";
import { toVerdict, type Verdict } from "../keys/index.js";
import { findOpenShared } from "../lifecycle/index.js";
import type { EventDocument, Usage } from "../usage/index.js";
import { type DiagnoseKeyInput, diagnoseKeySchema } from "./diagnosis.input.js";
import { findSuccessor, type Rows } from "./diagnosis.store.js";
import { evidenceOf, type Origin, readOrigins, type Seen } from "./evidence.js";
import { type Finding, findingsOfKey, findingsOfText, incomplete, outdatedDetails, sharedKey } from "./findings.js";
import { rowsAt } from "./history.js";
import { findPresented, type Presented } from "./presented.js";
import { readRows, recordOf } from "./reading.js";
import { readRefusedCalls } from "./refused-calls.js";
import { remediesFor, sharedRemedies } from "./remedies/remedies.js";
import { type Draft, type Remedy, remedyFor } from "./remedies/remedy.js";

/** One check, with what a person may know of it. */
export interface DiagnosisCheck extends ExaminedCheck, Origin {
  readonly evidence: string | null;
}

/** Why a key is refused, and what mends it. */
export interface KeyDiagnosis {
  /** The moment that it is about. */
  readonly at: Date;
  readonly verdict: Verdict;
  /** The verdict as of now, where it is about another moment; else null. */
  readonly verdictNow: Verdict | null;
  readonly key: Key | null;
  readonly checks: readonly DiagnosisCheck[];
  readonly findings: readonly Finding[];
  readonly remedies: readonly Remedy[];
  /** null: not known. */
  readonly refusedCalls: readonly EventDocument[] | null;
}

export type Diagnose = (principal: Principal, input: unknown) => Promise<KeyDiagnosis>;

/**
 * Makes the function that says exactly which check refuses a key, why, since when and by whom, and what mends it. It decides with
 * `decide` itself, on what the database holds; it changes nothing, charges nothing and leaves no usage.
 *
 * @param deps.guesses as of `verifyKey`: a diagnosis is no way round the bound on guesses.
 * @throws ForbiddenError without `keys:diagnose`; BadUserInputError; RateLimitedError.
 */
export function createDiagnose(deps: {
  database: Database;
  clock: Clock;
  guesses: GuessLimiter;
  usage: Pick<Usage, "events">;
}): Diagnose {
  const { database, clock, guesses, usage } = deps;
  const db = database.prisma;

  return async (principal, rawInput) => {
    authorize(principal, "keys:diagnose");
    const input = parseArguments(diagnoseKeySchema, rawInput);
    const now = clock.now();
    const at = input.at?.getTime() ?? now;
    if (at > now) throw new BadUserInputError("at: Give a moment of the past; leave it out for the present.");
    const presented = await findPresented(db, principal, input, new Date(at), guesses);
    const present = presented.secret && (await readRows(db, presented.secret));
    const past = input.at && present ? await rowsAt(db, present, input.at) : { rows: present, unsure: [] };

    const mayAudit = principal.permissions.has("audit:read");
    const { examination, checks } = await tell(db, principal, presented.format, past.rows, input, at, mayAudit);
    const repaired = presented.repaired && (await readRows(db, presented.repaired.secret));
    const [subject, subjectFormat] = repaired ? [repaired, formatOf(repaired)] : [present, presented.format];
    const nowExamined = examine(subject && recordOf(subject), requestOf(subjectFormat, input), now);
    const refused = await readRefusedCalls(
      usage,
      principal,
      {
        tenantId: subject?.key.tenantId ?? principal.tenantId,
        keyId: subject?.key.id ?? null,
        start: presented.format.start,
        ip: input.ip,
      },
      now,
      input.at?.getTime() ?? null,
    );
    const about = past.rows ?? repaired;
    const shared = about && (await findOpenShared(db, about.key.id, new Date(at)));
    const verdictOf = (decision: Decision, rows: Rows | null): Verdict => {
      const verdict = toVerdict(decision, rows && recordOf(rows), principal.requestId);
      return rows && maySeeOwner(principal, rows) ? verdict : { ...verdict, owner: null };
    };
    return {
      at: new Date(at),
      verdict: verdictOf(examination.decision, past.rows),
      verdictNow: input.at ? verdictOf(nowExamined.decision, present) : null,
      key: present?.key ?? null,
      checks,
      findings: [
        ...findingsOfText(presented, repaired && nowExamined.decision, input.start !== undefined),
        ...(present !== null && past.rows === null ? [notYetCreated(present)] : []),
        ...incomplete(past.unsure),
        ...findingsOfKey(about, input.owner, at),
        ...sharedKey(shared),
        ...(refused.isAway ? [usageAway] : []),
      ],
      remedies: (await draftsFor(db, principal, subject, presented, nowExamined.checks, input, now)).map((draft) =>
        remedyFor(principal, draft),
      ),
      refusedCalls: refused.calls,
    };
  };
}

/** Examines one state of a key, and tells what is known of each check. */
async function tell(
  db: Db,
  principal: Principal,
  format: KeyFormatResult,
  rows: Rows | null,
  input: Pick<DiagnoseKeyInput, "scopes" | "environment" | "ip" | "api">,
  at: number,
  mayAudit: boolean,
) {
  const record = rows && recordOf(rows);
  const examination = examine(record, requestOf(format, input), at);
  const originOf = await readOrigins(db, rows, new Date(at), mayAudit);
  const { scopes, environment, ip, api } = input;
  const showsOwner = rows !== null && maySeeOwner(principal, rows);
  const seen: Seen = { format, record, rows, scopes, environment, ip, api, showsOwner };
  const checks = examination.checks.map(
    (check): DiagnosisCheck => ({ ...check, ...originOf(check), evidence: evidenceOf(check, seen) }),
  );
  return { examination, checks };
}

function requestOf(
  format: KeyFormatResult,
  { scopes, environment, ip }: Pick<DiagnoseKeyInput, "scopes" | "environment" | "ip">,
): DecisionRequest {
  return { format, scopes, environment, ip };
}

/** The format of a secret that is known: the text itself is not at hand, or is not as it should be. */
function formatOf({ secret, key }: Rows): KeyFormatResult {
  const prefix = secret.start.slice(0, secret.start.indexOf("_"));
  return { ok: true, prefix, environment: key.environment, start: secret.start };
}

/**
 * Somebody who sees only their own keys may see one that belonged to somebody else then; and where data is corrupt, the owner may be of
 * another tenant.
 */
function maySeeOwner({ onlyUserId }: Principal, { key, owner }: Rows): boolean {
  return owner?.tenantId === key.tenantId && (onlyUserId === null || onlyUserId === owner.id);
}

/** What mends the key that was meant, or else what a key that begins like it needs. */
async function draftsFor(
  db: Db,
  principal: Principal,
  rows: Rows | null,
  { similar, repaired }: Presented,
  checks: readonly ExaminedCheck[],
  input: DiagnoseKeyInput,
  now: number,
): Promise<Draft[]> {
  if (rows === null) {
    const [only, ...others] = input.start === undefined ? similar : [];
    return only && others.length === 0 && only.key.revokedAt === null ? [rotateMeant(only.key, only.start)] : [];
  }
  const { scopes, environment, ip, owner } = input;
  const isOwnerless = rows.owner?.status !== "ACTIVE" || rows.owner.tenantId !== rows.key.tenantId;
  const successor = isOwnerless ? await findSuccessor(db, rows, principal.userId) : null;
  const shared = await findOpenShared(db, rows.key.id, new Date(now));
  const drafts = remediesFor({ rows, checks, now, scopes, environment, ip, successor });
  // Whoever has lost the right text needs a new one.
  if (repaired && drafts.length === 0) drafts.push(rotateMeant(rows.key, rows.secret.start));
  if (shared) drafts.push(...sharedRemedies(rows, shared));
  const outdated = outdatedDetails(rows.owner, owner);
  if (rows.owner && Object.keys(outdated).length > 0) {
    drafts.push({
      code: "VALID",
      mutation: "updateUser",
      input: { id: rows.owner.id, ...outdated },
      title: "Update the owner's details",
      effect: `Keyplane holds what your system does: ${Object.keys(outdated).join(", ")}. Verdicts carry it from now on.`,
    });
  }
  return drafts;
}

function rotateMeant(key: Key, start: string): Draft {
  const newest = start === key.start ? "" : ` That one was replaced: the key's newest begins with ${key.start}.`;
  return {
    code: "NOT_FOUND",
    mutation: "rotateKey",
    input: { id: key.id, overlapMs: 24 * 60 * 60 * 1_000 },
    title: `Give the key “${key.name}” a new secret`,
    effect: `If the presented key was meant to be ${start}… and the key's secret is lost: the answer holds a new one, and the one that exists works on for a day.${newest}`,
    scopes: key.scopes,
  };
}

function notYetCreated({ key, secret }: Rows): Finding {
  const message = `The key was created at ${key.createdAt.toISOString()}, and this secret of it at ${secret.createdAt.toISOString()}: after that moment.`;
  return { code: "KEY_NOT_YET_CREATED", message, key: null };
}

const usageAway: Finding = {
  code: "USAGE_UNAVAILABLE",
  message: "The store of usage did not answer, so refused calls are not told. The verdict does not depend on it.",
  key: null,
};
