import DataLoader from "dataloader";
import { z } from "zod";
import type { Database, Team } from "../../platform/database/index.js";
import { EntityStates } from "../../platform/entity-states.js";
import { type ListOrder, type Page, type PageArguments, pageOf, parsePage } from "../../platform/pages.js";
import { idSchema, parseArguments, searchSchema } from "../../platform/validation.js";
import { authorize, everything, type Principal, visibleTo } from "../auth/index.js";
import type { DomainEvent, EventListener } from "../events/index.js";
import { keyScopesOf } from "../roles/index.js";
import { countTeams, findTeam, findTeams, findTeamsByIds } from "./teams.store.js";

const teamFilterSchema = z.object({
  tenantId: idSchema.nullish(),
  /** Those that this user is a member of. */
  memberId: idSchema.nullish(),
  /** Text within name or description, in any case. */
  search: searchSchema.nullish(),
});

/** Add an order here. */
export const teamOrders = {
  CREATED_AT_DESC: { field: "createdAt", direction: "desc", description: "Newest first. The default." },
  CREATED_AT_ASC: { field: "createdAt", direction: "asc", description: "Oldest first." },
  NAME_ASC: { field: "name", direction: "asc", description: "By name, A to Z." },
  NAME_DESC: { field: "name", direction: "desc", description: "By name, Z to A." },
} as const satisfies Record<string, ListOrder<"createdAt" | "name">>;

export type TeamOrder = keyof typeof teamOrders;

export type TeamReads = ReturnType<typeof createTeamReads>;

export function createTeamReads({ database }: { database: Database }) {
  return {
    /** One team; null when there is none that the caller may see. */
    async find(principal: Principal, id: string): Promise<Team | null> {
      authorize(principal, "users:read");
      return findTeam(database.prisma, visibleTo(principal), id);
    },

    /** As a change looks for it, whatever the caller may read. */
    findVisible(principal: Principal, id: string): Promise<Team | null> {
      return findTeam(database.prisma, visibleTo(principal), id);
    },

    async list(
      principal: Principal,
      rawFilter: unknown,
      orderName: TeamOrder,
      page: PageArguments,
    ): Promise<Page<Team>> {
      authorize(principal, "users:read");
      const filter = parseArguments(teamFilterSchema, rawFilter ?? {});
      const { field, direction } = teamOrders[orderName];
      const order = `teams.${orderName}`;
      const { size, after } = parsePage(page, order, field);
      const visibility = visibleTo(principal);
      return pageOf({
        rows: await findTeams(database.prisma, visibility, { filter, field, direction, after, take: size + 1 }),
        size,
        after,
        order,
        placeOf: (row) => ({ value: row[field], id: row.id }),
        totalCount: () => countTeams(database.prisma, visibility, filter),
      });
    },

    /** Reads the teams of one request's entities in one query. */
    loader(principal: Principal): DataLoader<string, Team | null> {
      return new DataLoader(async (ids) => {
        const rows = await findTeamsByIds(database.prisma, visibleTo(principal), ids);
        const byId = new Map(rows.map((row) => [row.id, row]));
        return ids.map((id) => byId.get(id) ?? null);
      });
    },
  };
}

/** What must be known of a team whenever one of its keys is verified. */
export interface TeamState {
  readonly id: string;
  readonly tenantId: string;
  /** The only scopes that the team's keys can use; null: any. */
  readonly keyScopes: readonly string[] | null;
}

function toTeamState(row: Team): TeamState {
  return { id: row.id, tenantId: row.tenantId, keyScopes: keyScopesOf(row) };
}

/** The states of teams, remembered until an event names them. */
export class TeamStates extends EntityStates<TeamState> implements EventListener {
  constructor({ database, max }: { database: Database; max: number }) {
    super({
      max,
      load: async (id) => {
        const row = await findTeam(database.prisma, everything, id);
        return row && toTeamState(row);
      },
      loadMany: async (ids) => (await findTeamsByIds(database.prisma, everything, ids)).map(toTeamState),
    });
  }

  onEvent(event: DomainEvent): void {
    if (/^TEAM_(?:CREATED|UPDATED|DELETED)$/.test(event.type)) for (const id of event.teamIds ?? []) this.forget(id);
  }
}
