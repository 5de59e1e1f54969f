import { z } from "zod";
import type { ApiGrant, Database } from "../../platform/database/index.js";
import { type ListOrder, type Page, type PageArguments, pageOf, parsePage } from "../../platform/pages.js";
import { idSchema, parseArguments } from "../../platform/validation.js";
import { authorize, type Principal, visibleTo } from "../auth/index.js";
import { countGrants, findGrant, findGrants } from "./grants.store.js";

/** The states of a key's access to an API. */
export const apiGrantStatuses = {
  PENDING: { description: "It was requested and waits for approval: the key is refused." },
  GRANTED: { description: "The key may call the API." },
  REFUSED: { description: "The request was refused." },
  REVOKED: { description: "The access was taken away again." },
} as const satisfies Record<string, { readonly description: string }>;

const grantFilterSchema = z.object({
  tenantId: idSchema.nullish(),
  apiId: idSchema.nullish(),
  keyId: idSchema.nullish(),
  status: z.enum(["PENDING", "GRANTED", "REFUSED", "REVOKED"]).nullish(),
});

/** Add an order here. */
export const apiGrantOrders = {
  CREATED_AT_DESC: { field: "createdAt", direction: "desc", description: "Newest first. The default." },
  CREATED_AT_ASC: {
    field: "createdAt",
    direction: "asc",
    description: "Oldest first: the request that waits longest.",
  },
} as const satisfies Record<string, ListOrder<"createdAt">>;

export type ApiGrantOrder = keyof typeof apiGrantOrders;

export type ApiGrantReads = ReturnType<typeof createApiGrantReads>;

export function createApiGrantReads({ database }: { database: Database }) {
  return {
    /** One grant; null when there is none that the caller may see. */
    async find(principal: Principal, id: string): Promise<ApiGrant | null> {
      authorize(principal, "grants:read");
      return findGrant(database.prisma, visibleTo(principal), id);
    },

    /** As an operation looks for it. */
    findVisible(principal: Principal, id: string): Promise<ApiGrant | null> {
      return findGrant(database.prisma, visibleTo(principal), id);
    },

    async list(
      principal: Principal,
      rawFilter: unknown,
      orderName: ApiGrantOrder,
      page: PageArguments,
    ): Promise<Page<ApiGrant>> {
      authorize(principal, "grants:read");
      const filter = parseArguments(grantFilterSchema, rawFilter ?? {});
      const { field, direction } = apiGrantOrders[orderName];
      const order = `apiGrants.${orderName}`;
      const { size, after } = parsePage(page, order, field);
      const visibility = visibleTo(principal);
      return pageOf({
        rows: await findGrants(database.prisma, visibility, { filter, field, direction, after, take: size + 1 }),
        size,
        after,
        order,
        placeOf: (row) => ({ value: row[field], id: row.id }),
        totalCount: () => countGrants(database.prisma, visibility, filter),
      });
    },
  };
}
