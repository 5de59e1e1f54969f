import DataLoader from "dataloader";
import { z } from "zod";
import type { Api, Database } from "../../platform/database/index.js";
import { type ListOrder, type Page, type PageArguments, pageOf, parsePage } from "../../platform/pages.js";
import { idSchema, parseArguments, searchSchema } from "../../platform/validation.js";
import { authorize, type Principal, visibleTo } from "../auth/index.js";
import { type ApiVisibility, countApis, findApi, findApis, findApisByIds } from "./apis.store.js";

const apiFilterSchema = z.object({
  tenantId: idSchema.nullish(),
  visibility: z.enum(["PUBLIC", "PRIVATE"]).nullish(),
  /** Text within slug, name or description, in any case. */
  search: searchSchema.nullish(),
});

/** Add an order here. */
export const apiOrders = {
  CREATED_AT_DESC: { field: "createdAt", direction: "desc", description: "Newest first. The default." },
  CREATED_AT_ASC: { field: "createdAt", direction: "asc", description: "Oldest first." },
  NAME_ASC: { field: "name", direction: "asc", description: "By name, A to Z." },
  NAME_DESC: { field: "name", direction: "desc", description: "By name, Z to A." },
} as const satisfies Record<string, ListOrder<"createdAt" | "name">>;

export type ApiOrder = keyof typeof apiOrders;

export type ApiReads = ReturnType<typeof createApiReads>;

/** Which APIs somebody may see: public ones need no permission. */
export function apisVisibleTo(principal: Principal): ApiVisibility {
  return { tenantId: visibleTo(principal).tenantId, onlyPublic: !principal.permissions.has("apis:read") };
}

/** As a change looks for an API: whoever may make it need not be able to read it. */
export function apisChangedBy(principal: Principal): ApiVisibility {
  return { tenantId: visibleTo(principal).tenantId, onlyPublic: false };
}

export function createApiReads({ database }: { database: Database }) {
  return {
    /** One API; null when there is none that the caller may see. Whoever is known may ask: for others, public ones are all. */
    find(principal: Principal, id: string): Promise<Api | null> {
      return findApi(database.prisma, apisVisibleTo(principal), id);
    },

    /** As `find`, for whoever may read every API. @throws ForbiddenError without `apis:read`. */
    async findAny(principal: Principal, id: string): Promise<Api | null> {
      authorize(principal, "apis:read");
      return findApi(database.prisma, apisVisibleTo(principal), id);
    },

    /** As an operation looks for it. */
    findVisible(principal: Principal, id: string, isRead: boolean): Promise<Api | null> {
      return findApi(database.prisma, isRead ? apisVisibleTo(principal) : apisChangedBy(principal), id);
    },

    async list(principal: Principal, rawFilter: unknown, orderName: ApiOrder, page: PageArguments): Promise<Page<Api>> {
      const filter = parseArguments(apiFilterSchema, rawFilter ?? {});
      const { field, direction } = apiOrders[orderName];
      const order = `apis.${orderName}`;
      const { size, after } = parsePage(page, order, field);
      const visibility = apisVisibleTo(principal);
      return pageOf({
        rows: await findApis(database.prisma, visibility, { filter, field, direction, after, take: size + 1 }),
        size,
        after,
        order,
        placeOf: (row) => ({ value: row[field], id: row.id }),
        totalCount: () => countApis(database.prisma, visibility, filter),
      });
    },

    /** Reads the APIs of one request's entities in one query. */
    loader(principal: Principal): DataLoader<string, Api | null> {
      return new DataLoader(async (ids) => {
        const rows = await findApisByIds(database.prisma, apisVisibleTo(principal), ids);
        const byId = new Map(rows.map((row) => [row.id, row]));
        return ids.map((id) => byId.get(id) ?? null);
      });
    },
  };
}
