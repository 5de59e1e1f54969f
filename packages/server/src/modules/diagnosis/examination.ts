import {
  type Decision,
  type Examination,
  type ExaminedCheck,
  examine,
  type KeyFormatResult,
  type VerdictCode,
} from "@keyplane/schema";
import { toVerdict, type Verdict } from "../keys/index.js";
import type { Circumstances } from "./circumstances/circumstances.js";
import type { DiagnoseKeyInput } from "./diagnosis.input.js";
import type { Rows } from "./diagnosis.store.js";
import type { Presented } from "./presented.js";
import { recordOf } from "./reading.js";

/** A key as it was presented, in one state, with what else decides about the call. */
export interface Case {
  readonly by: Presented["by"];
  /** null: nothing of the text is known. */
  readonly format: KeyFormatResult | null;
  readonly rows: Rows | null;
  readonly circumstances: Circumstances;
  /** Whether several keys begin as the given start. */
  readonly isAmbiguous: boolean;
  /** Whether there is a key with the given id, and no secret of it. */
  readonly isWithoutSecret: boolean;
}

type Call = Partial<Pick<DiagnoseKeyInput, "scopes" | "environment" | "ip" | "cost">>;

/** Stands for the text where nothing of it is known: what is said of it is taken back below. */
const unknownText: KeyFormatResult = { ok: true, prefix: "", environment: "LIVE", start: "" };

/**
 * Examines a case with `decide` itself. What nobody has looked at is not told as passed: the text of a key that was named by id or start,
 * and limits of which nobody knows where they stood.
 */
export function examineCase(of: Case, { scopes, environment, ip, cost }: Call, at: number): Examination {
  const { by, format, rows, circumstances } = of;
  const { api, limits, unknown } = circumstances;
  const request = {
    format: format ?? unknownText,
    scopes,
    environment: format ? environment : undefined,
    ip,
    api: api?.asked,
    cost,
    limits: limits ?? undefined,
  };
  const examination = examine(rows && recordOf(rows), request, at);
  const unseen = new Set<VerdictCode>([
    ...(by === "text" ? [] : (["MALFORMED", "CHECKSUM_MISMATCH"] as const)),
    ...(format ? [] : (["WRONG_ENVIRONMENT"] as const)),
    ...(unknown.rateLimits ? (["RATE_LIMITED"] as const) : []),
    ...(unknown.quota ? (["QUOTA_EXCEEDED"] as const) : []),
  ]);
  const missing = rows === null && by !== "text" ? missingKey(of) : null;
  const decisionOf = <Found extends Decision | null>(found: Found): Found =>
    found && missing !== null && found.code === "NOT_FOUND" ? { ...found, message: missing } : found;
  return {
    decision: decisionOf(examination.decision),
    checks: examination.checks.map(
      (check): ExaminedCheck =>
        unseen.has(check.code)
          ? { ...check, outcome: "NOT_REACHED", refusal: null, wouldFail: null }
          : { ...check, refusal: decisionOf(check.refusal) },
    ),
  };
}

/** Why there is no key, where no text was presented. */
function missingKey({ by, isAmbiguous, isWithoutSecret }: Case): string {
  if (isWithoutSecret) {
    return "The key has no secret, so that nobody can present it. Give it one with rotateKey; one that is quarantined has to be released with releaseKey first.";
  }
  if (by === "id") return "No key with this id exists where you may look. Check the id and the token that you use.";
  return isAmbiguous
    ? "Several keys begin like this. Ask again with the id of the one that is meant."
    : "No key that you may see begins like this. Check the start and the token that you use.";
}

/** What `verifyKey` would answer, but that nothing was taken from any limit. */
export function verdictOf(
  { rows, circumstances: { api, limits } }: Case,
  decision: Decision,
  { at, requestId, showsOwner }: { readonly at: number; readonly requestId: string; readonly showsOwner: boolean },
): Verdict {
  const isLimited = limits !== null && limitedCodes.includes(decision.code);
  const verdict = toVerdict(
    decision,
    rows && recordOf(rows),
    requestId,
    isLimited ? { rateLimits: limits.rateLimits, quota: limits.quota } : undefined,
    api && { api: api.asked, now: at },
  );
  return rows && !showsOwner ? { ...verdict, owner: null } : verdict;
}

/** With these, `verifyKey` tells where the limits stand. */
const limitedCodes: readonly VerdictCode[] = ["VALID", "RATE_LIMITED", "QUOTA_EXCEEDED"];
