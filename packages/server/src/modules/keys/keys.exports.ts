import type { Clock } from "../../platform/clock.js";
import type { Key } from "../../platform/database/index.js";
import { BadUserInputError } from "../../platform/errors.js";
import { maxPageSize } from "../../platform/pages.js";
import type { Principal } from "../auth/index.js";
import type { KeyExports } from "../usage/index.js";
import { type KeyOrder, type KeyReads, keyOrders } from "./keys.reads.js";
import { keyStatusAt } from "./lib/key-status.js";

/** What exports tell of keys, within the bounds of whoever reads them. */
export function createKeyExports(keyReads: KeyReads, clock: Clock): KeyExports {
  return {
    async names(principal, ids) {
      if (!principal.permissions.has("keys:read")) return null;
      const keys = await keyReads.loader(principal).loadMany(ids);
      const failed = keys.find((key) => key instanceof Error);
      if (failed) throw failed;
      return new Map((keys as (Key | null)[]).flatMap((key) => (key ? [[key.id, key] as const] : [])));
    },

    table(principal, filter, orderBy = "CREATED_AT_DESC") {
      if (!Object.hasOwn(keyOrders, orderBy)) {
        throw new BadUserInputError(`orderBy: Give one of ${Object.keys(keyOrders).join(", ")}.`);
      }
      return { columns, rows: pages(principal, filter, orderBy as KeyOrder) };
    },
  };

  async function* pages(principal: Principal, filter: unknown, orderBy: KeyOrder): AsyncGenerator<KeyRow[]> {
    for (let after: string | null = null; ; ) {
      const { edges, pageInfo } = await keyReads.list(principal, filter, orderBy, { first: maxPageSize, after });
      yield edges.map(({ node }) => rowOf(node, clock.now()));
      if (!pageInfo.hasNextPage) return;
      after = pageInfo.endCursor;
    }
  }
}

/** What tells who uses a key and since when nobody does; never a secret or its hash. */
const columns = [
  "id",
  "tenantId",
  "ownerId",
  "teamId",
  "name",
  "start",
  "environment",
  "status",
  "createdAt",
  "expiresAt",
  "lastUsedAt",
] as const;
type KeyRow = Readonly<Record<(typeof columns)[number], unknown>>;

function rowOf(key: Key, now: number): KeyRow {
  const { id, tenantId, ownerId, teamId, name, start, environment, createdAt, expiresAt, lastUsedAt } = key;
  const status = keyStatusAt(key, now);
  return { id, tenantId, ownerId, teamId, name, start, environment, status, createdAt, expiresAt, lastUsedAt };
}
