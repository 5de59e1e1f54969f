import type { Caller } from "../caller.js";
import { describe, expect, test } from "../index.js";
import { idsOf, type ListName, readPage, readPages } from "../lists.js";
import type { World } from "../world.js";

/** A list that holds only what its story adds. */
export interface ListStory {
  readonly caller: Caller;
  /** The arguments that keep everything else out of the list. */
  readonly args: Record<string, unknown>;
  /** Adds one entry, the same as the others but for what must be unique. */
  add(): Promise<unknown>;
}

/**
 * What every list promises.
 *
 * @param orders the values of `orderBy`, in pairs of ascending and descending; empty when the list takes none.
 */
export function promisesOfList(
  list: ListName,
  orders: readonly string[],
  begin: (world: World) => Promise<ListStory>,
): void {
  const ways = orders.length === 0 ? [{}] : orders.map((orderBy) => ({ orderBy }));

  describe(`${list}: pages`, () => {
    test("neither skip nor repeat an entry, in every order, also among equal ones", async ({ world }) => {
      const { caller, args, add } = await begin(world);
      for (let count = 0; count < 5; count++) await add();
      const whole = new Map<string, string[]>();
      for (const way of ways) {
        const everything = await readPage(caller, list, { ...args, ...way, first: 100 });
        const ids = idsOf(everything);
        expect(new Set(ids).size).toBe(ids.length);
        expect(everything).toMatchObject({ totalCount: ids.length, pageInfo: { hasNextPage: false } });
        const pages = await readPages(caller, list, { ...args, ...way, first: 2 });
        expect(idsOf(...pages)).toEqual(ids);
        for (const [index, page] of pages.entries()) {
          expect(page.totalCount).toBe(ids.length);
          expect(page.edges.map(({ node }) => node.id)).toEqual(idsOf(page));
          expect(page.pageInfo).toEqual({
            hasNextPage: index < pages.length - 1,
            hasPreviousPage: index > 0,
            startCursor: page.edges[0]?.cursor,
            endCursor: page.edges.at(-1)?.cursor,
          });
        }
        whole.set("orderBy" in way ? way.orderBy : "", ids);
      }
      for (const [order, ids] of whole) {
        if (order.endsWith("_ASC")) expect(whole.get(order.replace("_ASC", "_DESC"))).toEqual([...ids].reverse());
      }
    });

    test("shift nothing while entries arrive between them", async ({ world }) => {
      const { caller, args, add } = await begin(world);
      for (let count = 0; count < 4; count++) {
        await add();
        world.clock.advance(1_000);
      }
      for (const way of ways) {
        const before = idsOf(await readPage(caller, list, { ...args, ...way, first: 100 }));
        const first = await readPage(caller, list, { ...args, ...way, first: 2 });
        await add();
        const rest = await readPages(caller, list, { ...args, ...way, first: 2 }, first);
        const seen = idsOf(first, ...rest);
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen.filter((id) => before.includes(id))).toEqual(before);
      }
    });

    test("hold 1 to 100 entries, 20 when nothing is said; nulls say nothing", async ({ world }) => {
      const { caller, args, add } = await begin(world);
      await add();
      await add();
      expect(idsOf(await readPage(caller, list, { ...args, first: 1 }))).toHaveLength(1);
      const everything = await readPage(caller, list, { ...args, first: 100 });
      const unsaid = { first: null, after: null, ...(orders.length === 0 ? {} : { orderBy: null }) };
      expect(await readPage(caller, list, { ...args, ...unsaid })).toEqual(everything);
      for (const first of [0, -1, 101, 2_147_483_647]) {
        const refused = expect(readPage(caller, list, { ...args, first })).rejects;
        await refused.toMatchObject({ code: "BAD_USER_INPUT", message: expect.stringContaining("1 to 100") });
      }
    });

    test("an empty list has one empty page", async ({ world }) => {
      const args = { filter: { [list === "auditLog" ? "action" : "search"]: world.unique("nothing") } };
      const nowhere = { tenantId: world.missingId("Tenant") };
      expect(await readPage(world.root, list, list === "managementTokens" ? nowhere : args)).toEqual({
        totalCount: 0,
        nodes: [],
        edges: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      });
    });
  });

  describe(`${list}: cursors`, () => {
    test("that are forged are refused", async ({ world }) => {
      const { caller, args, add } = await begin(world);
      await add();
      const { endCursor } = (await readPage(caller, list, { ...args, first: 1 })).pageInfo;
      for (const after of forgedFrom(endCursor ?? "")) {
        await expect(readPage(caller, list, { ...args, after }), after.slice(0, 100)).rejects.toMatchObject({
          code: "BAD_USER_INPUT",
          message: expect.stringContaining("after: Pass a cursor as this list gave it"),
        });
      }
    });

    test("of another list or another order are refused", async ({ world }) => {
      const { caller, args, add } = await begin(world);
      await add();
      const others = (["tenants", "users", "keys", "managementTokens", "auditLog"] as const).filter((o) => o !== list);
      await world.tenantWithKey();
      const foreign: string[] = [];
      for (const other of others) foreign.push(...(await cursorsOf(world.root, other)));
      const ownOrder = orders.length === 0 ? {} : { orderBy: orders[0] };
      for (const orderBy of orders.slice(1)) foreign.push(...(await cursorsOf(caller, list, { ...args, orderBy })));
      expect(foreign.length).toBeGreaterThan(3);
      for (const after of foreign) {
        const refused = expect(readPage(caller, list, { ...args, ...ownOrder, after })).rejects;
        await refused.toMatchObject({ code: "BAD_USER_INPUT" });
      }
    });
  });
}

async function cursorsOf(caller: Caller, list: ListName, args: Record<string, unknown> = {}): Promise<string[]> {
  return (await readPage(caller, list, { ...args, first: 1 })).edges.map(({ cursor }) => cursor);
}

/** Cursors that no list gave: broken, or made by somebody who has seen what is in a real one. */
function forgedFrom(cursor: string): string[] {
  const [order, value, id] = JSON.parse(Buffer.from(cursor, "base64url").toString());
  const encode = (content: unknown) => Buffer.from(JSON.stringify(content)).toString("base64url");
  const otherValue = typeof value === "number" ? "text" : 5;
  const values = [
    null,
    otherValue,
    true,
    {},
    [],
    1.5,
    9e15,
    -9e15,
    8.65e15,
    -62_167_219_200_001,
    1e300,
    "\0",
    "x".repeat(2_000),
  ];
  const ids = ["", "\0", "🔑", "' OR 1=1", "x".repeat(10_000), 5, null, {}];
  return [
    "",
    " ",
    "x",
    "null",
    "🔑",
    "\0",
    cursor.slice(0, -4),
    "x".repeat(10_000),
    ...[null, 5, "text", {}, [], [order], [order, value], [order, value, id, 1], { order, value, id }].map(encode),
    ...["", "CREATED_AT_DESC", "x", null, 5].map((forged) => encode([forged, value, id])),
    ...values.map((forged) => encode([order, forged, id])),
    ...ids.map((forged) => encode([order, value, forged])),
  ];
}
