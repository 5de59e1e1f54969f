import type { KeyRecord } from "@keyplane/schema";
import type { Db, Key, KeySecret } from "../../platform/database/index.js";
import { toKeyState, toSecretState, withBounds } from "../keys/index.js";
import { keyScopesOf } from "../roles/index.js";
import { toTenantState } from "../tenants/index.js";
import { toUserState } from "../users/index.js";
import { findOwner, findRoleRow, findTeamRow, findTenantRow, type Rows } from "./diagnosis.store.js";

/** Reads what decides about a secret from the database itself, not from what is remembered. */
export async function readRows(db: Db, { key, ...secret }: KeySecret & { key: Key }): Promise<Rows> {
  const owner = await findOwner(db, key.ownerId);
  const tenant = await findTenantRow(db, key.tenantId);
  if (!tenant) throw new Error("a tenant that a foreign key names was not found");
  const role = owner?.customRoleId ? await findRoleRow(db, owner.customRoleId) : null;
  const team = key.teamId === null ? null : await findTeamRow(db, key.teamId);
  return { secret, key, owner, tenant, role, team };
}

/** The record that `decide` takes, as verification would put it together. */
export function recordOf({ secret, key, owner, tenant, role, team }: Rows): KeyRecord {
  return {
    secret: toSecretState(secret, key.secretVersion),
    key: withBounds(toKeyState(key), role && keyScopesOf(role), team && keyScopesOf(team)),
    owner: owner && toUserState({ ...owner, memberships: [] }),
    tenant: toTenantState(tenant),
  };
}
