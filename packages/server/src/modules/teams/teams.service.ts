import { createId } from "@keyplane/schema";
import { changes } from "../../platform/changes.js";
import type { Clock } from "../../platform/clock.js";
import type { Team, Transaction, User } from "../../platform/database/index.js";
import { ConflictError, LimitReachedError, NotFoundError } from "../../platform/errors.js";
import { unlessTaken } from "../../platform/unless-taken.js";
import { parseInput } from "../../platform/validation.js";
import { type Audit, actorOf } from "../audit/index.js";
import { authorize, authorizeKeyScopes, type Principal, visibleTo } from "../auth/index.js";
import type { DomainEvent, Events } from "../events/index.js";
import type { Idempotency } from "../idempotency/index.js";
import { differenceOf, keyScopesColumns, keyScopesOf, type ScopeDifference } from "../roles/index.js";
import type { Tenants } from "../tenants/index.js";
import type { Users } from "../users/index.js";
import { createTeamSchema, deleteTeamSchema, teamMemberSchema, updateTeamSchema } from "./teams.input.js";
import * as store from "./teams.store.js";

/** How many teams a tenant can have, how many members a team, and how many teams a user. */
export const maxTeamsPerTenant = 1_000;
export const maxMembersPerTeam = 1_000;
export const maxTeamsPerUser = 100;

interface Deps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly events: Events;
  readonly idempotency: Idempotency;
  readonly tenants: Pick<Tenants, "hold">;
  readonly users: Pick<Users, "lock">;
  /** Tells verifiers of the keys whose usable scopes change; what keys are is known further to the right. */
  readonly tellKeys: (
    tx: Transaction,
    of: { readonly teamId: string },
    difference: ScopeDifference,
    reason: string,
  ) => Promise<void>;
}

export type Teams = ReturnType<typeof createTeams>;

/** Users who look after keys together. */
export function createTeams({ audit, clock, events, idempotency, tenants, users, tellKeys }: Deps) {
  const write = unlessTaken(events.transaction, {
    model: "Team",
    fields: ["tenantId", "name"],
    message: "Another team of this tenant has this name. Use it, or choose another name.",
  });

  async function lock(tx: Transaction, principal: Principal, id: string): Promise<Team> {
    const team = await store.lockTeam(tx, visibleTo(principal), id);
    if (!team) throw new NotFoundError("team");
    return team;
  }

  async function tell(
    tx: Transaction,
    principal: Principal,
    change: {
      action: string;
      event: DomainEvent["type"];
      team: Team;
      before: object | null;
      after: object | null;
      userId?: string;
    },
  ): Promise<void> {
    const { action, event, team, before, after, userId } = change;
    const target = { type: "Team", id: team.id } as const;
    await audit.record(tx, { actor: actorOf(principal), action, tenantId: team.tenantId, target, before, after });
    const of = userId === undefined ? {} : { userId };
    await events.append(tx, { type: event, tenantId: team.tenantId, teamIds: [team.id], ...of });
  }

  /** A team and a user of the same tenant. The user first, as everywhere, or two changes could wait for each other. */
  async function lockBoth(
    tx: Transaction,
    principal: Principal,
    input: { readonly teamId: string; readonly userId: string },
  ): Promise<{ team: Team; user: User }> {
    const user = await users.lock(tx, principal, input.userId);
    const team = await lock(tx, principal, input.teamId);
    if (team.tenantId !== user.tenantId) throw new NotFoundError("team");
    return { team, user };
  }

  return {
    /**
     * The team that a key is to belong to, kept as it is until the transaction ends.
     *
     * @param key.ownerId must be a member, so that whoever answers for the key can see who else does.
     * @throws NotFoundError; ConflictError when the owner is not a member.
     */
    async requireFor(
      tx: Transaction,
      principal: Principal,
      { tenantId, ownerId, teamId }: { tenantId: string; ownerId: string; teamId: string },
    ): Promise<Team> {
      const team = await store.shareTeam(tx, visibleTo(principal), teamId);
      if (!team || team.tenantId !== tenantId) throw new NotFoundError("team");
      if (await store.isMember(tx, team.id, ownerId)) return team;
      throw new ConflictError(
        "The owner of a team's key must be a member of the team. Add the user first with addTeamMember, or choose another team or owner.",
      );
    },

    /**
     * Creates a team without members.
     *
     * @throws InvalidInputError, NotFoundError for the tenant, ConflictError when the name is taken, LimitReachedError,
     * ForbiddenError without `teams:create`, or for scopes beyond the caller's own.
     */
    async create(principal: Principal, rawInput: unknown): Promise<Team> {
      authorize(principal, "teams:create");
      const { idempotencyKey, ...input } = parseInput(createTeamSchema, rawInput);
      authorizeKeyScopes(principal, input.keyScopes);
      const attempt = { operation: "createTeam", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, write, async (tx) => {
        const tenant = await tenants.hold(tx, principal, input.tenantId);
        if ((await store.countTeamsOfTenant(tx, tenant.id)) >= maxTeamsPerTenant) {
          throw new LimitReachedError(
            `This tenant has ${maxTeamsPerTenant} teams, which is the most. Delete one that is not needed with deleteTeam.`,
          );
        }
        const now = new Date(clock.now());
        const { name, description, keyScopes } = input;
        const team = await store.insertTeam(tx, {
          id: createId("Team"),
          tenantId: tenant.id,
          name,
          description,
          ...keyScopesColumns(keyScopes),
          createdAt: now,
          updatedAt: now,
        });
        await tell(tx, principal, { action: "team.created", event: "TEAM_CREATED", team, before: null, after: team });
        return { targetId: team.id };
      });
      // Also to a creator who is confined to one user, and sees only the teams that this user is a member of.
      return events.transaction(async (tx) => {
        const all = { ...visibleTo(principal), userId: undefined };
        const team = await store.findTeam(tx, all, outcome.targetId);
        if (!team) throw new NotFoundError("team");
        return team;
      });
    },

    /**
     * Changes what the input names. Another `keyScopes` counts from the next verification of the team's keys.
     *
     * @throws as create does; LimitReachedError where more keys are concerned than can be told of at once.
     */
    async update(principal: Principal, rawInput: unknown): Promise<Team> {
      authorize(principal, "teams:update");
      const input = parseInput(updateTeamSchema, rawInput);
      return write(async (tx) => {
        const before = await lock(tx, principal, input.id);
        const columns = {
          ...(input.name === undefined ? {} : { name: input.name }),
          ...(input.description === undefined ? {} : { description: input.description }),
          ...keyScopesColumns(input.keyScopes),
        };
        if (!changes(before, columns)) return before;
        if (input.keyScopes !== undefined) authorizeKeyScopes(principal, input.keyScopes);
        const after = await store.updateTeamRow(tx, before.id, { ...columns, updatedAt: new Date(clock.now()) });
        await tell(tx, principal, { action: "team.updated", event: "TEAM_UPDATED", team: after, before, after });
        const difference = differenceOf(keyScopesOf(before), keyScopesOf(after));
        await tellKeys(tx, { teamId: after.id }, difference, `the team ${after.id} allows other scopes`);
        return after;
      });
    },

    /** Deletes a team that has no key that works, or could again. Its members stay users. @throws ConflictError */
    async delete(principal: Principal, rawInput: unknown): Promise<Team> {
      authorize(principal, "teams:delete");
      const { id } = parseInput(deleteTeamSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, id);
        const { keys, deleted } = await store.countLivingKeys(tx, before.id, new Date(clock.now()));
        if (keys + deleted > 0) {
          const restorable =
            deleted === 0 ? "" : `, and ${deleted} deleted ${deleted === 1 ? "one" : "ones"} that can be restored`;
          throw new ConflictError(
            `This team has ${keys} ${keys === 1 ? "key" : "keys"}${restorable}. Give them to another team or to none with updateKey, or revoke them, first.`,
          );
        }
        await store.deleteTeamRow(tx, before.id);
        await tell(tx, principal, { action: "team.deleted", event: "TEAM_DELETED", team: before, before, after: null });
        return before;
      });
    },

    /**
     * Adds a user, who sees the team's keys from the next request on. Adding a member changes nothing.
     *
     * @throws NotFoundError for team or user; ConflictError for a deleted user; LimitReachedError.
     */
    async addMember(principal: Principal, rawInput: unknown): Promise<Team> {
      authorize(principal, "teams:update");
      const input = parseInput(teamMemberSchema, rawInput);
      return events.transaction(async (tx) => {
        const { team, user } = await lockBoth(tx, principal, input);
        if (user.status === "DELETED") throw new ConflictError("This user was deleted. Add another user.");
        if (await store.isMember(tx, team.id, user.id)) return team;
        if ((await store.countMembers(tx, team.id)) >= maxMembersPerTeam) {
          throw new LimitReachedError(
            `This team has ${maxMembersPerTeam} members, which is the most. Make another team.`,
          );
        }
        if ((await store.countMemberships(tx, user.id)) >= maxTeamsPerUser) {
          throw new LimitReachedError(
            `This user is a member of ${maxTeamsPerUser} teams, which is the most. Remove the user from one that is not needed.`,
          );
        }
        await store.insertMember(tx, {
          id: createId("TeamMember"),
          teamId: team.id,
          userId: user.id,
          createdAt: new Date(clock.now()),
        });
        const after = { userId: user.id };
        const change = { action: "team.member_added", event: "TEAM_MEMBER_ADDED", team, before: null, after } as const;
        await tell(tx, principal, { ...change, userId: user.id });
        return team;
      });
    },

    /**
     * Removes a user, who sees the team's keys no more from the next request on. Keys that the user owns stay the user's, and
     * the team's. Removing somebody who is no member changes nothing.
     */
    async removeMember(principal: Principal, rawInput: unknown): Promise<Team> {
      authorize(principal, "teams:update");
      const input = parseInput(teamMemberSchema, rawInput);
      return events.transaction(async (tx) => {
        const { team, user } = await lockBoth(tx, principal, input);
        if (!(await store.isMember(tx, team.id, user.id))) return team;
        await store.deleteMember(tx, team.id, user.id);
        const before = { userId: user.id };
        const change = {
          action: "team.member_removed",
          event: "TEAM_MEMBER_REMOVED",
          team,
          before,
          after: null,
        } as const;
        await tell(tx, principal, { ...change, userId: user.id });
        return team;
      });
    },
  };
}
