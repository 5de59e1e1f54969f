import { type ApiGrantRecord, type ApiRecord, type AskedApi, askedApi } from "@keyplane/schema";
import type { Api, ApiGrant, Db, Key } from "../../../platform/database/index.js";
import { findApisOfTenant, findGrantOf, toApiState } from "../../apis/index.js";
import { findLatestWith, findTargetsAfter } from "../../audit/index.js";
import { actionsOn, changesOf, stateAt } from "../history.js";

/** How many APIs that were deleted since a moment are looked for. */
const maxForgotten = 1_000;

/** How a key stands to the API that a call asked for, with what was kept of both. */
export interface ApiStanding {
  readonly asked: AskedApi;
  /** null: the tenant has no such API. */
  readonly api: Api | null;
  /** null: access was never asked for nor given, or the API is open. */
  readonly grant: ApiGrant | null;
  /** The tenant's APIs, without those that are deleted. */
  readonly apis: readonly Api[];
}

/** As of now, from the database itself. @returns null where the tenant never had an API: there is nothing to check then. */
export async function readApiStanding(db: Db, key: Key, asked: string): Promise<ApiStanding | null> {
  const apis = await findApisOfTenant(db, key.tenantId);
  return standingOf(apis, asked, (apiId) => findGrantOf(db, key.id, apiId));
}

/** As of a past moment, from the audit log. */
export async function apiStandingAt(
  db: Db,
  key: Key,
  asked: string,
  at: Date,
): Promise<{ standing: ApiStanding | null; unsure: readonly string[] }> {
  const unsure: string[] = [];
  const { tenantId } = key;
  const rows = await findApisOfTenant(db, tenantId);
  const known = new Map(rows.map((row) => [row.id, row]));
  const deleted = { tenantId, targetType: "Api", action: "api.deleted", after: at };
  const forgotten = (await findTargetsAfter(db, deleted, maxForgotten)).filter((id) => !known.has(id));
  const apis: Api[] = [];
  for (const id of [...known.keys(), ...forgotten]) {
    const row = known.get(id) ?? null;
    const { state, isSure } =
      row && row.updatedAt <= at
        ? { state: row, isSure: true }
        : await stateAt(db, { tenantId, targetId: id, action: actionsOn.api }, row, at);
    if (!isSure) unsure.push("api");
    if (state) apis.push(state);
  }
  const hadAny =
    apis.length > 0 ||
    (await findLatestWith(db, { tenantId, targetType: "Api", action: "api.created", until: at })) !== null;
  const standing = await standingOf(apis, asked, (apiId) => grantAt(db, key, apiId, at, unsure), hadAny);
  return { standing, unsure };
}

async function grantAt(db: Db, key: Key, apiId: string, at: Date, unsure: string[]): Promise<ApiGrant | null> {
  const present = await findGrantOf(db, key.id, apiId);
  if (present) {
    const of = { tenantId: key.tenantId, targetId: present.id, action: actionsOn.grant };
    const { state, isSure } = await stateAt(db, of, present, at);
    if (!isSure) unsure.push("grant");
    return state;
  }
  // Of an API that was deleted since, the log alone tells.
  const { tenantId, id: keyId } = key;
  const last = await findLatestWith(db, { tenantId, targetType: "ApiGrant", after: { keyId, apiId }, until: at });
  const [change] = last ? changesOf([last]) : [];
  return (change?.after ?? null) as ApiGrant | null;
}

async function standingOf(
  apis: readonly Api[],
  asked: string,
  findGrant: (apiId: string) => Promise<ApiGrant | null>,
  hadAny = apis.length > 0,
): Promise<ApiStanding | null> {
  if (!hadAny) return null;
  const records = apis.length > 0 ? apis.map(toApiState) : [deletedApi];
  const found = askedApi(records, [], asked)?.found?.id;
  const api = apis.find(({ id }) => id === found) ?? null;
  const grant = api && (await findGrant(api.id));
  const grants: ApiGrantRecord[] = grant ? [{ apiId: grant.apiId, status: grant.status }] : [];
  const standing = askedApi(records, grants, asked);
  return standing ? { asked: standing, api, grant, apis: apis.filter(({ deletedAt }) => deletedAt === null) } : null;
}

/** Stands for those that are forgotten: that there were any is why a call must name one that there is. */
const deletedApi: ApiRecord = { id: "", slug: "", name: "", isOpen: false, isDeleted: true, versions: [] };
