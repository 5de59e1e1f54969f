import type { Db } from "../../../platform/database/index.js";
import { type CountedRule, type LimitColumns, limitedOf } from "../../../platform/limited.js";
import type { LimitReads, PeekedLimits } from "../../limits/index.js";
import type { DiagnoseKeyInput } from "../diagnosis.input.js";
import type { Rows } from "../diagnosis.store.js";
import { type ApiStanding, apiStandingAt, readApiStanding } from "./api-standing.js";
import { raisedRules } from "./raised-limits.js";

/** What decides about a call besides the key, its owner and its tenant. */
export interface Circumstances {
  /** null: no API was named, or the tenant never had one. */
  readonly api: ApiStanding | null;
  /** null: there are none, or it is not known where they stood. */
  readonly limits: PeekedLimits | null;
  /** Rate limits that refuse, raised so far that they let the call pass, by what they are counted as. */
  readonly raised: ReadonlyMap<string, CountedRule>;
  /** Which kinds of limits there were of which nobody knows where they stood. */
  readonly unknown: { readonly rateLimits: boolean; readonly quota: boolean };
}

const allKnown = { rateLimits: false, quota: false };
const noneRaised: ReadonlyMap<string, CountedRule> = new Map();
/** Of what is no key, there are none. */
export const noCircumstances: Circumstances = {
  api: null,
  limits: null,
  raised: noneRaised,
  unknown: allKnown,
};

type Call = Partial<Pick<DiagnoseKeyInput, "api" | "cost">>;

/** As of now. Nothing is taken from any limit. */
export async function readCircumstances(
  db: Db,
  limitReads: Pick<LimitReads, "peek">,
  rows: Rows,
  { api, cost }: Call,
): Promise<Circumstances> {
  const standing = api === undefined ? null : await readApiStanding(db, rows.key, api);
  const limits = await limitReads.peek(holdersOf(rows, standing), cost ?? 1, db);
  const raised = limits ? await raisedRules(limitReads, limits, cost ?? 1) : noneRaised;
  return { api: standing, limits, raised, unknown: allKnown };
}

/** As of a past moment. How much of a limit was used then is not kept. */
export async function circumstancesAt(
  db: Db,
  rows: Rows,
  { api }: Call,
  at: Date,
): Promise<Circumstances & { readonly unsure: readonly string[] }> {
  const { standing, unsure } =
    api === undefined ? { standing: null, unsure: [] } : await apiStandingAt(db, rows.key, api, at);
  const limited = holdersOf(rows, standing).flatMap((each) => limitedOf(each) ?? []);
  const unknown = {
    rateLimits: limited.some(({ rules }) => rules.length > 0),
    quota: limited.some(({ quotaId }) => quotaId !== null),
  };
  return { api: standing, limits: null, raised: noneRaised, unknown, unsure };
}

/** Whose limits a call is under. */
function holdersOf({ key, owner, tenant }: Rows, standing: ApiStanding | null): LimitColumns[] {
  return [key, owner, tenant, standing?.api ?? null].filter((each) => each !== null);
}
