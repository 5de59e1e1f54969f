import { type ApiGrantRecord, type ApiRecord, type AskedApi, askedApi } from "@keyplane/schema";
import type { Api, ApiGrant, Db, Key } from "../../../platform/database/index.js";
import { findApisOfTenant, findGrantOf, toApiState } from "../../apis/index.js";
import { findHistoryOfKind } from "../../audit/index.js";
import { actionsOn, changesOf, stateAt } from "../history.js";
import { eachOfKind } from "../records.js";
import { maxNamed } from "./circumstance-words.js";

/** How many records about a tenant's APIs, and about the access of its keys, are looked through. */
const maxRecords = 2_000;

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

/** As of a past moment, from the audit log: of the API that was asked for; of the others only where their names are told instead. */
export async function apiStandingAt(
  db: Db,
  key: Key,
  asked: string,
  at: Date,
): Promise<{ standing: ApiStanding | null; unsure: readonly string[] }> {
  const unsure: string[] = [];
  const { tenantId } = key;
  const rows = new Map((await findApisOfTenant(db, tenantId)).map((row) => [row.id, row]));
  const [named = asked] = asked.split("@", 1);
  // Who has the slug now; where that is as it was, nobody else can have had it then.
  const present = [...rows.values()].filter(({ id, slug }) => slug === named || id === named);
  const isSame = present.some(({ updatedAt, deletedAt }) => updatedAt <= at && deletedAt === null);
  const since = isSame ? nothingChanged : await changedSince(db, tenantId, named, at);
  if (!since.isWhole) unsure.push("api");

  async function statesOf(ids: readonly string[]): Promise<Api[]> {
    const states: Api[] = [];
    for (const id of new Set(ids)) {
      const row = rows.get(id) ?? null;
      const of = { tenantId, targetId: id, action: actionsOn.api };
      const { state, isSure } =
        row && row.updatedAt <= at ? { state: row, isSure: true } : await stateAt(db, of, row, at);
      if (!isSure) unsure.push("api");
      if (state) states.push(state);
    }
    return states;
  }

  const apis = await statesOf([...present.map(({ id }) => id), ...since.changed]);
  const hadAny = [...rows.values()].some(({ createdAt }) => createdAt <= at) || (await hasHistory(db, tenantId, at));
  const findGrant = (apiId: string) =>
    grantAt(db, key, { apiId, isGone: rows.get(apiId)?.deletedAt !== null }, at, unsure);
  const standing = await standingOf(apis, asked, findGrant, hadAny);
  if (standing?.asked.found !== null) return { standing, unsure };
  const others = [...rows.values()].filter(
    ({ createdAt, deletedAt }) => createdAt <= at && !(deletedAt && deletedAt <= at),
  );
  const ids = [...others.map(({ id }) => id), ...since.deleted].slice(0, maxNamed + 1);
  const known = (await statesOf(ids)).filter(({ deletedAt }) => deletedAt === null);
  return { standing: { ...standing, apis: known }, unsure };
}

interface ChangedApis {
  readonly changed: readonly string[];
  readonly deleted: readonly string[];
  readonly isWhole: boolean;
}
const nothingChanged: ChangedApis = { changed: [], deleted: [], isWhole: true };

/**
 * What was changed of a tenant's APIs since a moment.
 *
 * @returns `changed`: the first that had the name then or later, and has it no more; `deleted`: some that were deleted since.
 */
async function changedSince(db: Db, tenantId: string, named: string, at: Date): Promise<ChangedApis> {
  const deleted: string[] = [];
  let looked = 0;
  for await (const record of eachOfKind(db, { tenantId, targetType: "Api", after: at })) {
    if (++looked > maxRecords) return { changed: [], deleted, isWhole: false };
    const { targetId } = record;
    const before = record.before as { slug?: unknown } | null;
    // Nobody else can have had the name before the first that has given it away or was changed with it.
    if (before?.slug === named || targetId === named) return { changed: [targetId], deleted, isWhole: true };
    if (record.action === "api.deleted" && deleted.length <= maxNamed) deleted.push(targetId);
  }
  return { changed: [], deleted, isWhole: true };
}

/** Whether there was something of an API up to a moment. */
async function hasHistory(db: Db, tenantId: string, until: Date): Promise<boolean> {
  return (await findHistoryOfKind(db, { tenantId, targetType: "Api", until }, 1)).length > 0;
}

async function grantAt(
  db: Db,
  key: Key,
  { apiId, isGone }: { readonly apiId: string; readonly isGone: boolean },
  at: Date,
  unsure: string[],
): Promise<ApiGrant | null> {
  const { tenantId, id: keyId } = key;
  const present = await findGrantOf(db, keyId, apiId);
  if (present) {
    const of = { tenantId, targetId: present.id, action: actionsOn.grant };
    const { state, isSure } = await stateAt(db, of, present, at);
    if (!isSure) unsure.push("grant");
    return state;
  }
  // What there was of an API that there still is, is kept; of one that was deleted since, the log alone tells.
  if (!isGone) return null;
  let looked = 0;
  for await (const record of eachOfKind(db, { tenantId, targetType: "ApiGrant", until: at })) {
    const after = record.after as { keyId?: unknown; apiId?: unknown } | null;
    if (after?.keyId === keyId && after.apiId === apiId)
      return (changesOf([record])[0]?.after ?? null) as ApiGrant | null;
    if (++looked < maxRecords) continue;
    unsure.push("grant");
    return null;
  }
  return null;
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
