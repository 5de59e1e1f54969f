import { type Permission, type Role, roles } from "@keyplane/schema";
import DataLoader from "dataloader";
import { z } from "zod";
import type { CustomRole, Database } from "../../platform/database/index.js";
import { EntityStates } from "../../platform/entity-states.js";
import { type ListOrder, type Page, type PageArguments, pageOf, parsePage } from "../../platform/pages.js";
import { idSchema, parseArguments, searchSchema } from "../../platform/validation.js";
import { authorize, everything, type Principal, type RoleGrant, visibleTo } from "../auth/index.js";
import type { DomainEvent, EventListener } from "../events/index.js";
import { keyScopesOf } from "./lib/key-scopes.js";
import { countRoles, findRole, findRoles, findRolesByIds } from "./roles.store.js";

const roleFilterSchema = z.object({
  tenantId: idSchema.nullish(),
  base: z.enum(Object.keys(roles) as Role[]).nullish(),
  /** Text within name or description, in any case. */
  search: searchSchema.nullish(),
});

/** Add an order here. */
export const roleOrders = {
  CREATED_AT_DESC: { field: "createdAt", direction: "desc", description: "Newest first. The default." },
  CREATED_AT_ASC: { field: "createdAt", direction: "asc", description: "Oldest first." },
  NAME_ASC: { field: "name", direction: "asc", description: "By name, A to Z." },
  NAME_DESC: { field: "name", direction: "desc", description: "By name, Z to A." },
} as const satisfies Record<string, ListOrder<"createdAt" | "name">>;

export type RoleOrder = keyof typeof roleOrders;

export type RoleReads = ReturnType<typeof createRoleReads>;

export function createRoleReads({ database }: { database: Database }) {
  return {
    /** One role; null when there is none that the caller may see. */
    async find(principal: Principal, id: string): Promise<CustomRole | null> {
      authorize(principal, "users:read");
      return findRole(database.prisma, visibleTo(principal), id);
    },

    /** As a change looks for it, whatever the caller may read. */
    findVisible(principal: Principal, id: string): Promise<CustomRole | null> {
      return findRole(database.prisma, visibleTo(principal), id);
    },

    async list(
      principal: Principal,
      rawFilter: unknown,
      orderName: RoleOrder,
      page: PageArguments,
    ): Promise<Page<CustomRole>> {
      authorize(principal, "users:read");
      const filter = parseArguments(roleFilterSchema, rawFilter ?? {});
      const { field, direction } = roleOrders[orderName];
      const order = `roles.${orderName}`;
      const { size, after } = parsePage(page, order, field);
      const visibility = visibleTo(principal);
      return pageOf({
        rows: await findRoles(database.prisma, visibility, { filter, field, direction, after, take: size + 1 }),
        size,
        after,
        order,
        placeOf: (row) => ({ value: row[field], id: row.id }),
        totalCount: () => countRoles(database.prisma, visibility, filter),
      });
    },

    /** Reads the roles of one request's entities in one query. */
    loader(principal: Principal): DataLoader<string, CustomRole | null> {
      return new DataLoader(async (ids) => {
        const rows = await findRolesByIds(database.prisma, visibleTo(principal), ids);
        const byId = new Map(rows.map((row) => [row.id, row]));
        return ids.map((id) => byId.get(id) ?? null);
      });
    },
  };
}

/** What must be known of a role whenever one of its holders calls, or one of their keys is verified. */
export interface RoleState extends RoleGrant {
  readonly tenantId: string;
  /** The only scopes that keys of its holders can use; null: any. */
  readonly keyScopes: readonly string[] | null;
}

function toRoleState(row: CustomRole): RoleState {
  const { id, tenantId, base } = row;
  return { id, tenantId, base, permissions: row.permissions as Permission[], keyScopes: keyScopesOf(row) };
}

/** The states of roles, remembered until an event names them. */
export class RoleStates extends EntityStates<RoleState> implements EventListener {
  constructor({ database, max }: { database: Database; max: number }) {
    super({
      max,
      load: async (id) => {
        const row = await findRole(database.prisma, everything, id);
        return row && toRoleState(row);
      },
      loadMany: async (ids) => (await findRolesByIds(database.prisma, everything, ids)).map(toRoleState),
    });
  }

  onEvent(event: DomainEvent): void {
    if (event.type.startsWith("ROLE_") && event.roleId !== undefined) this.forget(event.roleId);
  }
}
