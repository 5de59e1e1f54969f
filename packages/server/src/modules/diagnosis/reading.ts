import type { KeyRecord } from "@keyplane/schema";
import type { CustomRole, Db, Key, KeySecret, Team, User } from "../../platform/database/index.js";
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
  return { secret, key, tenant, ...withinTenant(key, { owner, role, team }) };
}

/** What a key names, as far as it is of the key's tenant. */
export function withinTenant(
  { tenantId }: Key,
  { owner, role, team }: { owner: User | null; role: CustomRole | null; team: Team | null },
): Pick<Rows, "owner" | "role" | "team" | "foreign"> {
  const own = <Row extends { readonly tenantId: string }>(row: Row | null) => (row?.tenantId === tenantId ? row : null);
  return {
    owner: own(owner),
    role: own(role),
    team: own(team),
    foreign: {
      hasOwner: owner !== null && own(owner) === null,
      role: role && !own(role) ? keyScopesOf(role) : null,
      team: team && !own(team) ? keyScopesOf(team) : null,
    },
  };
}

/** The record that `decide` takes, as verification would put it together. */
export function recordOf({ secret, key, owner, tenant, role, team, foreign }: Rows): KeyRecord {
  const roleScopes = role ? keyScopesOf(role) : foreign.role;
  const teamScopes = team ? keyScopesOf(team) : foreign.team;
  return {
    secret: toSecretState(secret, key.secretVersion),
    key: withBounds(toKeyState(key), roleScopes, teamScopes),
    owner: owner ? toUserState({ ...owner, memberships: [] }) : foreign.hasOwner ? stranger : null,
    tenant: toTenantState(tenant),
  };
}

/** Stands for an owner of another tenant: that there is one decides, and nothing else of them is told. */
const stranger: NonNullable<KeyRecord["owner"]> = {
  id: "",
  tenantId: "",
  name: "",
  email: "",
  externalId: null,
  status: "ACTIVE",
  since: null,
  reason: null,
};
