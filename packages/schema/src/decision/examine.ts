import type { VerdictCode } from "../verdict-codes.js";
import { recordChecks, textChecks } from "./checks.js";
import { decide } from "./decide.js";
import { checkEnvironment, checkExistence } from "./key-checks.js";
import type { Decision, DecisionRequest, KeyRecord } from "./types.js";

/** How one check ended. */
export const checkOutcomes = {
  PASSED: { description: "Nothing is against the key here." },
  FAILED: { description: "This is why the key is refused." },
  NOT_REACHED: {
    description:
      "A check before this one has refused the key already: `wouldFail` says what it would find. Or there was nothing to check, or what there was then is not known: `wouldFail` is null, and `evidence` says why.",
  },
} as const satisfies Record<string, { readonly description: string }>;

export type CheckOutcome = keyof typeof checkOutcomes;

/** One check of a verdict code. */
export interface ExaminedCheck {
  /** What is checked, e.g. `expiry`. */
  readonly name: string;
  /** What the key is refused with where this check fails. */
  readonly code: VerdictCode;
  readonly outcome: CheckOutcome;
  /** What it says of the key; of one that was not reached, what it would say. Null: nothing is against the key. */
  readonly refusal: Decision | null;
  /**
   * Whether it would refuse the key, too, once the checks before it pass; null where that cannot be said yet. The same as the outcome
   * of one that was reached.
   */
  readonly wouldFail: boolean | null;
}

/** The decision about a key, and every check that led to it. */
export interface Examination {
  readonly decision: Decision;
  /** One for each code of `verdictCodes` but VALID, in their order. */
  readonly checks: readonly ExaminedCheck[];
}

/**
 * Decides as {@link decide} does, and tells of every check: the first that refuses has failed, those before it have passed, and those
 * after it were not reached. Those are made all the same, as far as there is something to check, so that everything can be mended at
 * once. Whether an address is held up is not asked: that says nothing of the key. Pure; takes the same arguments.
 */
export function examine(record: KeyRecord | null, asked: DecisionRequest, now: number): Examination {
  const request = { ...asked, heldUpMs: undefined };
  const decision = decide(record, request, now);
  let isReached = true;
  const checks = [...examineText(record, request), ...examineRecord(record, request, now)].map(
    ({ name, code, finding }): ExaminedCheck => {
      const refusal = finding?.code === code ? finding : null;
      const wouldFail = finding === undefined ? null : refusal !== null;
      if (!isReached) return { name, code, outcome: "NOT_REACHED", refusal, wouldFail };
      if (code !== decision.code) return { name, code, outcome: "PASSED", refusal: null, wouldFail: false };
      isReached = false;
      return { name, code, outcome: "FAILED", refusal: decision, wouldFail: true };
    },
  );
  return { decision, checks };
}

/** A check with what it finds: a refusal, nothing, or undefined where there is nothing to check. */
interface Found {
  readonly name: string;
  readonly code: VerdictCode;
  readonly finding: Decision | null | undefined;
}

function examineText(record: KeyRecord | null, request: DecisionRequest): Found[] {
  const { format } = request;
  const refused = format.ok ? null : decide(null, request, 0);
  const environment = format.ok ? checkEnvironment(record, format, request) : undefined;
  return [
    { name: textChecks.MALFORMED, code: "MALFORMED", finding: refused },
    { name: textChecks.CHECKSUM_MISMATCH, code: "CHECKSUM_MISMATCH", finding: later(refused, "CHECKSUM_MISMATCH") },
    { name: textChecks.WRONG_ENVIRONMENT, code: "WRONG_ENVIRONMENT", finding: environment },
  ];
}

/** What a check finds whose predecessor in the same function may have refused already: then nobody knows. */
function later(found: Decision | null, code: VerdictCode): Decision | null | undefined {
  return found === null || found.code === code ? found : undefined;
}

function examineRecord(record: KeyRecord | null, request: DecisionRequest, now: number): Found[] {
  const found: Found[] = [
    { name: textChecks.NOT_FOUND, code: "NOT_FOUND", finding: existenceOf(record, request, now) },
  ];
  for (const { codes, refusalOf } of recordChecks) {
    let finding = record === null ? undefined : refusalOf(record, request, now);
    for (const [code, name] of Object.entries(codes) as [VerdictCode, string][]) {
      found.push({ name, code, finding });
      // Of two codes of one function, nobody knows about the second while the first refuses.
      if (finding?.code === code) finding = undefined;
    }
  }
  return found;
}

function existenceOf(record: KeyRecord | null, request: DecisionRequest, now: number): Decision | null | undefined {
  if (record !== null) return checkExistence(record, now);
  // Of what is no key, nobody knows whether it exists.
  return request.format.ok ? decide(null, { format: request.format }, now) : undefined;
}
