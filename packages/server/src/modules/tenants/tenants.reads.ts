import type { RotationOverdue, TenantStatus } from "@keyplane/schema";
import DataLoader from "dataloader";
import type { Database, Tenant } from "../../platform/database/index.js";
import { EntityStates } from "../../platform/entity-states.js";
import { type Limited, limitedOf } from "../../platform/limited.js";
import { type ListOrder, type Page, type PageArguments, pageOf, parsePage } from "../../platform/pages.js";
import { parseArguments } from "../../platform/validation.js";
import { authorize, everything, type Principal, visibleTo } from "../auth/index.js";
import type { EventListener } from "../events/index.js";
import { tenantFilterSchema } from "./tenants.input.js";
import { countTenants, findTenant, findTenants, findTenantsByIds } from "./tenants.store.js";

/** Add an order here. */
export const tenantOrders = {
  CREATED_AT_DESC: { field: "createdAt", direction: "desc", description: "Newest first. The default." },
  CREATED_AT_ASC: { field: "createdAt", direction: "asc", description: "Oldest first." },
  NAME_ASC: { field: "name", direction: "asc", description: "By name, A to Z." },
  NAME_DESC: { field: "name", direction: "desc", description: "By name, Z to A." },
} as const satisfies Record<string, ListOrder<"createdAt" | "name">>;

export type TenantOrder = keyof typeof tenantOrders;

export type TenantReads = ReturnType<typeof createTenantReads>;

export function createTenantReads({ database }: { database: Database }) {
  return {
    /** One tenant; null when there is none that the caller may see. */
    async find(principal: Principal, id: string): Promise<Tenant | null> {
      authorize(principal, "tenants:read");
      return findTenant(database.prisma, visibleTo(principal), id);
    },

    /** As a change looks for it, whatever the caller may read. */
    findVisible(principal: Principal, id: string): Promise<Tenant | null> {
      return findTenant(database.prisma, visibleTo(principal), id);
    },

    async list(
      principal: Principal,
      rawFilter: unknown,
      orderName: TenantOrder,
      page: PageArguments,
    ): Promise<Page<Tenant>> {
      authorize(principal, "tenants:read");
      const filter = parseArguments(tenantFilterSchema, rawFilter ?? {});
      const { field, direction } = tenantOrders[orderName];
      const order = `tenants.${orderName}`;
      const { size, after } = parsePage(page, order, field);
      const visibility = visibleTo(principal);
      const rows = await findTenants(database.prisma, visibility, { filter, field, direction, after, take: size + 1 });
      return pageOf({
        rows,
        size,
        after,
        order,
        placeOf: (row) => ({ value: row[field], id: row.id }),
        totalCount: () => countTenants(database.prisma, visibility, filter),
      });
    },

    /** Reads the tenants of one request's entities in one query. */
    loader(principal: Principal): DataLoader<string, Tenant | null> {
      return new DataLoader(async (ids) => {
        const rows = await findTenantsByIds(database.prisma, visibleTo(principal), ids);
        const byId = new Map(rows.map((row) => [row.id, row]));
        return ids.map((id) => byId.get(id) ?? null);
      });
    },
  };
}

/** What verification must know of a tenant. Times are epoch milliseconds. */
export interface TenantState {
  readonly id: string;
  readonly status: TenantStatus;
  readonly since: number | null;
  readonly reason: string | null;
  /** Its limits; null: it has none. */
  readonly limited: Limited | null;
  /** From which addresses the tenant's keys may be used. */
  readonly allowedIps: readonly string[];
  readonly deniedIps: readonly string[];
  /** How long a secret of its keys may be in use, in milliseconds. */
  readonly rotateEveryMs: number | null;
  readonly rotationOverdue: RotationOverdue;
}

/** The state of a tenant as it is kept. */
export function toTenantState(row: Tenant): TenantState {
  return {
    id: row.id,
    status: row.status,
    since: row.statusChangedAt?.getTime() ?? null,
    reason: row.statusReason,
    limited: limitedOf(row),
    allowedIps: row.allowedIps,
    deniedIps: row.deniedIps,
    rotateEveryMs: row.rotateEveryMs == null ? null : Number(row.rotateEveryMs),
    rotationOverdue: row.rotationOverdue as RotationOverdue,
  };
}

/** The states of tenants, remembered until an event names them. */
export class TenantStates extends EntityStates<TenantState> implements EventListener {
  constructor({ database, max }: { database: Database; max: number }) {
    super({
      max,
      load: async (id) => {
        const row = await findTenant(database.prisma, everything, id);
        return row && toTenantState(row);
      },
      loadMany: async (ids) => (await findTenantsByIds(database.prisma, everything, ids)).map(toTenantState),
    });
  }

  onEvent(event: { readonly type: string; readonly tenantId: string | null }): void {
    if (event.type.startsWith("TENANT_") && event.tenantId !== null) this.forget(event.tenantId);
  }
}
