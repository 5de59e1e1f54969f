import DataLoader from "dataloader";
import type { Clock } from "../../platform/clock.js";
import type { Database, Key } from "../../platform/database/index.js";
import { type ListOrder, type Page, type PageArguments, pageOf, parsePage } from "../../platform/pages.js";
import { parseArguments } from "../../platform/validation.js";
import { authorize, type Principal, visibleTo } from "../auth/index.js";
import { keyFilterSchema } from "./keys.filter.js";
import { countKeys, findKey, findKeys, findKeysByIds, findPendingSecrets, type PendingSecret } from "./keys.store.js";

type OrderField = "createdAt" | "name" | "expiresAt" | "lastUsedAt";

/** Add an order here. Keys without a value come last. */
export const keyOrders = {
  CREATED_AT_DESC: { field: "createdAt", direction: "desc", description: "Newest first. The default." },
  CREATED_AT_ASC: { field: "createdAt", direction: "asc", description: "Oldest first." },
  NAME_ASC: { field: "name", direction: "asc", description: "By name, A to Z." },
  NAME_DESC: { field: "name", direction: "desc", description: "By name, Z to A." },
  EXPIRES_AT_ASC: { field: "expiresAt", direction: "asc", description: "Those that expire first, first." },
  EXPIRES_AT_DESC: { field: "expiresAt", direction: "desc", description: "Those that expire last, first." },
  LAST_USED_AT_ASC: { field: "lastUsedAt", direction: "asc", description: "Least recently used first." },
  LAST_USED_AT_DESC: { field: "lastUsedAt", direction: "desc", description: "Most recently used first." },
} as const satisfies Record<string, ListOrder<OrderField>>;

export type KeyOrder = keyof typeof keyOrders;

const nullableFields: readonly OrderField[] = ["expiresAt", "lastUsedAt"];

export type KeyReads = ReturnType<typeof createKeyReads>;

export function createKeyReads({ database, clock }: { database: Database; clock: Clock }) {
  return {
    /** One key, deleted ones included; null when there is none that the caller may see. */
    async find(principal: Principal, id: string): Promise<Key | null> {
      authorize(principal, "keys:read");
      return findKey(database.prisma, visibleTo(principal), id);
    },

    /** As a change looks for it, whatever the caller may read. */
    findVisible(principal: Principal, id: string): Promise<Key | null> {
      return findKey(database.prisma, visibleTo(principal), id);
    },

    /** Reads the keys of one request's entities in one query. */
    loader(principal: Principal): DataLoader<string, Key | null> {
      return new DataLoader(async (ids) => {
        const rows = await findKeysByIds(database.prisma, visibleTo(principal), ids);
        const byId = new Map(rows.map((row) => [row.id, row]));
        return ids.map((id) => byId.get(id) ?? null);
      });
    },

    /**
     * Reads the secrets that wait for their first use, of keys that the caller may see, in one query. Remembers nothing: a subscription
     * asks again.
     */
    pendingSecretLoader(): DataLoader<string, PendingSecret | null> {
      const load = async (keyIds: readonly string[]) => {
        const rows = await findPendingSecrets(database.prisma, keyIds);
        const byKey = new Map(rows.map((row) => [row.keyId, row]));
        return keyIds.map((keyId) => byKey.get(keyId) ?? null);
      };
      return new DataLoader(load, { cache: false });
    },

    async list(principal: Principal, rawFilter: unknown, orderName: KeyOrder, page: PageArguments): Promise<Page<Key>> {
      authorize(principal, "keys:read");
      const filter = parseArguments(keyFilterSchema, rawFilter ?? {});
      const { field, direction } = keyOrders[orderName];
      const visibility = visibleTo(principal);
      const now = new Date(clock.now());
      const nullable = nullableFields.includes(field);
      const order = `keys.${orderName}`;
      const { size, after } = parsePage(page, order, field, nullable);
      return pageOf({
        rows: await findKeys(database.prisma, visibility, {
          filter,
          now,
          field,
          nullable,
          direction,
          after,
          take: size + 1,
        }),
        size,
        after,
        order,
        placeOf: (row) => ({ value: row[field], id: row.id }),
        totalCount: () => countKeys(database.prisma, visibility, filter, now),
      });
    },
  };
}
