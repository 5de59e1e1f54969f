import type { Clock } from "../../platform/clock.js";
import type { Key } from "../../platform/database/index.js";
import { BadUserInputError } from "../../platform/errors.js";
import { maxPageSize } from "../../platform/pages.js";
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

    async *pages(principal, filter, orderBy = "CREATED_AT_DESC") {
      if (!Object.hasOwn(keyOrders, orderBy)) {
        throw new BadUserInputError(`orderBy: Give one of ${Object.keys(keyOrders).join(", ")}.`);
      }
      for (let after: string | null = null; ; ) {
        const page = { first: maxPageSize, after };
        const { edges, pageInfo } = await keyReads.list(principal, filter, orderBy as KeyOrder, page);
        yield edges.map(({ node }) => rowOf(node, clock.now()));
        if (!pageInfo.hasNextPage) return;
        after = pageInfo.endCursor;
      }
    },
  };
}

/** What tells who uses a key and since when nobody does; never a secret or its hash. */
function rowOf(key: Key, now: number): Readonly<Record<string, unknown>> {
  const { id, tenantId, ownerId, teamId, name, start, environment, createdAt, expiresAt, lastUsedAt } = key;
  const status = keyStatusAt(key, now);
  return { id, tenantId, ownerId, teamId, name, start, environment, status, createdAt, expiresAt, lastUsedAt };
}
