import type { Examination, ExaminedCheck, KeyGuesses } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { Database, Db, Key, KeySecret } from "../../platform/database/index.js";
import { BadUserInputError, NotFoundError } from "../../platform/errors.js";
import type { GuessLimiter } from "../../platform/guess-limiter.js";
import { parseArguments } from "../../platform/validation.js";
import { authorize, type Principal } from "../auth/index.js";
import type { Verdict } from "../keys/index.js";
import type { LimitReads } from "../limits/index.js";
import type { Usage } from "../usage/index.js";
import type { AddressLevel } from "./address-words.js";
import { circumstancesAt, noCircumstances, readCircumstances } from "./circumstances/circumstances.js";
import { type DiagnoseKeyInput, diagnoseKeySchema } from "./diagnosis.input.js";
import { findPending, type Rows } from "./diagnosis.store.js";
import { evidenceOf, type Seen } from "./evidence.js";
import { type Case, examineCase, verdictOf } from "./examination.js";
import {
  type Finding,
  findingsOfCall,
  findingsOfKey,
  findingsOfLifecycle,
  findingsOfText,
  incomplete,
} from "./findings.js";
import { heldUpOf } from "./held-up.js";
import { rowsAt } from "./history.js";
import { type Known, knownOf } from "./known.js";
import { type Origin, readOrigins } from "./origins.js";
import { findPresented, formatOfStart, type Presented } from "./presented.js";
import { readRows, recordOf } from "./reading.js";
import { type RefusedCall, readRefusedCalls } from "./refused-calls.js";
import { draftsFor } from "./remedies/drafts.js";
import { type Remedy, remedyFor } from "./remedies/remedy.js";
import { tamperingWords } from "./tampering.js";

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
  readonly refusedCalls: readonly RefusedCall[] | null;
}

export type Diagnose = (principal: Principal, input: unknown) => Promise<KeyDiagnosis>;

/**
 * Makes the function that says exactly which check refuses a key, why, since when and by whom, and what mends it. It decides with
 * `decide` itself, on what the database holds; it changes nothing, charges nothing and leaves no usage.
 *
 * @param deps.guesses as of `verifyKey`: a diagnosis is no way round the bound on guesses.
 * @param deps.addressGuesses those of `verifyKey`: whether a network is held up.
 * @throws ForbiddenError without `keys:diagnose`; NotFoundError for a tenant that the caller may not see; BadUserInputError; RateLimitedError.
 */
export function createDiagnose(deps: {
  database: Database;
  clock: Clock;
  guesses: GuessLimiter;
  addressGuesses: Pick<KeyGuesses, "waitMs">;
  limitReads: Pick<LimitReads, "peek">;
  usage: Pick<Usage, "events" | "eventsAround">;
  tenantExists: (tenantId: string) => Promise<boolean>;
}): Diagnose {
  const { database, clock, guesses, addressGuesses, limitReads, usage, tenantExists } = deps;
  const db = database.prisma;

  /** The caller, as one who sees no other tenant than the one that was asked about. */
  async function lookingIn(principal: Principal, tenantId: string | undefined): Promise<Principal> {
    if (tenantId === undefined) return principal;
    const mayBe = principal.tenantId === null ? await tenantExists(tenantId) : tenantId === principal.tenantId;
    if (!mayBe) throw new NotFoundError("tenant");
    return { ...principal, tenantId };
  }

  /** What was presented, as it is now: a text that was repaired is the key that it was meant to be. */
  async function presentCase(presented: Presented, input: DiagnoseKeyInput): Promise<{ own: Case; meant: Case }> {
    const rows = presented.secret && (await readRows(db, presented.secret));
    const circumstances = rows ? await readCircumstances(db, limitReads, rows, input) : noCircumstances;
    const { by, format, repaired, isWithoutSecret } = presented;
    const own = { by, format, rows, circumstances, isAmbiguous: presented.similar.length > 1, isWithoutSecret };
    if (!repaired) return { own, meant: own };
    const right = await readRows(db, repaired.secret);
    const ofRight = await readCircumstances(db, limitReads, right, input);
    return { own, meant: { ...own, format: formatOfStart(right.secret.start), rows: right, circumstances: ofRight } };
  }

  async function caseAt(
    present: Case,
    input: DiagnoseKeyInput,
    at: Date,
  ): Promise<Case & { unsure: readonly string[] }> {
    if (!present.rows) return { ...present, unsure: [] };
    const { rows, unsure } = await rowsAt(db, present.rows, at);
    if (!rows) return { ...present, rows, circumstances: noCircumstances, unsure };
    const circumstances = await circumstancesAt(db, rows, input, at);
    return { ...present, rows, circumstances, unsure: [...unsure, ...circumstances.unsure] };
  }

  return async (principal, rawInput) => {
    authorize(principal, "keys:diagnose");
    const input = parseArguments(diagnoseKeySchema, rawInput);
    const now = clock.now();
    const at = input.at?.getTime() ?? now;
    if (at > now) throw new BadUserInputError("at: Give a moment of the past; leave it out for the present.");
    const looker = await lookingIn(principal, input.tenantId);
    const presented = await findPresented(db, looker, input, new Date(at), guesses);
    const { own, meant } = await presentCase(presented, input);
    const asked = input.at ? await caseAt(own, input, input.at) : { ...own, unsure: [] };

    const found = asked.rows ?? (input.at ? null : meant.rows);
    const known = await knownOf(db, principal, meant.rows, now);
    const knownThen = input.at ? await knownOf(db, principal, found, at) : known;
    const pending = found && (await findPending(db, found.key.id, new Date(at)));
    const { examination, checks } = await examineAndExplain(db, principal, asked, input, at, { ...knownThen, pending });
    const nowExamined = examineCase(meant, input, now);
    const tenantId = meant.rows?.key.tenantId ?? looker.tenantId;
    // Of the past it is not kept.
    const from = { tenantId, ip: input.at ? undefined : input.ip };
    const heldUp = await heldUpOf(db, addressGuesses, principal, from, now);
    const refused = await readRefusedCalls(
      usage,
      principal,
      {
        tenantId,
        keyId: meant.rows?.key.id ?? null,
        // Of a key that was presented right, calls name the key; of a mistyped one, they have only how it began.
        start: meant.rows && !presented.repaired ? undefined : presented.format?.start,
        ip: input.ip,
      },
      now,
      input.at?.getTime() ?? null,
    );
    const answer = (of: Case, { decision }: Pick<Examination, "decision">, moment: number): Verdict =>
      verdictOf(of, decision, {
        at: moment,
        requestId: principal.requestId,
        showsOwner: of.rows !== null && maySeeOwner(principal, of.rows),
      });
    const drafts = await draftsFor(db, principal, meant, presented, nowExamined.checks, input, now, known);
    return {
      at: new Date(at),
      verdict: answer(asked, examination, at),
      verdictNow: input.at ? answer(own, examineCase(own, input, now), now) : null,
      key: own.rows?.key ?? null,
      checks,
      findings: [
        ...findingsOfText(presented, presented.repaired && nowExamined.decision, input.start !== undefined),
        ...(own.rows !== null && asked.rows === null ? [notYetCreated(own.rows)] : []),
        ...incomplete(asked.unsure),
        ...findingsOfKey(found, pending, input.owner, at),
        ...findingsOfLifecycle(knownThen.open, found?.key ?? null, knownThen.dangers, at),
        ...findingsOfCall(found, input.at ? asked.circumstances : meant.circumstances, at, heldUp, refused.calls),
        ...(refused.isAway ? [usageAway] : []),
      ],
      remedies: drafts.map((draft) => remedyFor(principal, draft, meant.rows?.key.ownerId ?? null)),
      refusedCalls: refused.calls,
    };
  };
}

/** Examines a case, and explains each check as far as the caller may know. */
async function examineAndExplain(
  db: Db,
  principal: Principal,
  of: Case,
  input: DiagnoseKeyInput,
  at: number,
  { written, pending }: Pick<Known, "written"> & { readonly pending: KeySecret | null },
) {
  const { rows, circumstances } = of;
  const examination = examineCase(of, input, at);
  const mayAudit = principal.permissions.has("audit:read");
  const originOf = await readOrigins(db, rows, circumstances, new Date(at), mayAudit);
  const isQuarantined = rows?.key.quarantinedAt != null;
  const seen: Seen = {
    at,
    by: of.by,
    format: of.format,
    record: rows && recordOf(rows),
    rows,
    circumstances,
    scopes: input.scopes,
    environment: input.environment,
    ip: input.ip,
    api: input.api,
    showsOwner: rows !== null && maySeeOwner(principal, rows),
    showsLists: listsShownTo(principal, rows),
    showsApis: principal.permissions.has("apis:read"),
    waits: rows !== null && pending?.hash === rows.secret.hash,
    tampering: rows && isQuarantined && mayAudit ? tamperingWords(rows.key, written) : null,
  };
  const checks = examination.checks.map(
    (check): DiagnosisCheck => ({ ...check, ...originOf(check), evidence: evidenceOf(check, seen) }),
  );
  return { examination, checks };
}

/** Whose address lists a caller may read as well by asking for the key, its owner and its tenant. */
function listsShownTo(principal: Principal, rows: Rows | null): ReadonlySet<AddressLevel> {
  const { permissions } = principal;
  const isShown = {
    key: permissions.has("keys:read"),
    owner: permissions.has("users:read") && rows !== null && maySeeOwner(principal, rows),
    tenant: permissions.has("tenants:read"),
  } satisfies Record<AddressLevel, boolean>;
  return new Set((Object.keys(isShown) as AddressLevel[]).filter((level) => isShown[level]));
}

/** Somebody who sees only their own keys may see one that belonged to somebody else then. */
function maySeeOwner({ onlyUserId }: Principal, { owner }: Rows): boolean {
  return owner !== null && (onlyUserId === null || onlyUserId === owner.id);
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
