import type { Settings } from "../env.js";
import type { Events } from "../modules/events/index.js";
import { createPlanRotations, createTellKeys } from "../modules/keys/index.js";
import { createRoleReads, createRoles, RoleStates } from "../modules/roles/index.js";
import { createTeamReads, createTeams, TeamStates } from "../modules/teams/index.js";
import { createTenantReads, createTenants, TenantStates } from "../modules/tenants/index.js";
import { createUserReads, createUsers, Standings, UserStates } from "../modules/users/index.js";
import { requireSecretReceiver } from "../modules/webhooks/index.js";
import type { Base } from "./base.js";

/** Tenants and who belongs to them: users, roles, teams; what memory holds of each is told of every change first. */
export type Tenancy = ReturnType<typeof createTenancy>;

export function createTenancy(settings: Settings, base: Base) {
  const { audit, clock, database, events, idempotency } = base;
  const max = settings.maxCachedKeys;
  const tenantStates = new TenantStates({ database, max });
  const userStates = new UserStates({ database, max });
  const roleStates = new RoleStates({ database, max });
  const teamStates = new TeamStates({ database, max });
  for (const listener of [tenantStates, userStates, roleStates, teamStates]) events.subscribe(listener);

  const tellKeys = createTellKeys({ events });
  const tenants = createTenants({
    audit,
    clock,
    events,
    idempotency,
    planRotations: createPlanRotations({ clock }),
    requireSecretReceiver,
  });
  const roles = createRoles({ audit, clock, events, idempotency, tenants, tellKeys });
  /** @param within writes in transactions of its own, or joins one that is under way. */
  const usersWith = (within: Events) =>
    createUsers({ audit, clock, events: within, idempotency, roles, tenants, tellKeys });
  const users = usersWith(events);
  const teams = createTeams({ audit, clock, events, idempotency, tenants, users, tellKeys });
  return {
    tenantStates,
    userStates,
    roleStates,
    teamStates,
    standings: new Standings({ tenantStates, userStates, roleStates }),
    tenants,
    roles,
    users,
    usersWith,
    teams,
    tenantExists: async (id: string): Promise<boolean> => (await tenantStates.existing(new Set([id]))).has(id),
    tenantReads: createTenantReads({ database }),
    userReads: createUserReads({ database }),
    roleReads: createRoleReads({ database }),
    teamReads: createTeamReads({ database }),
  };
}
