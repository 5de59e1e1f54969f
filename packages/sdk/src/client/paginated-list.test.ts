import { describe, expect, test } from "vitest";
import { ServerError } from "./errors.js";
import { PaginatedList, type ReadPage } from "./paginated-list.js";

type Request = Parameters<ReadPage<number>>[0];

/** A list of the numbers from 0, whose cursor is the number before. */
function numbers(length: number, pageSize?: number) {
  const requests: Request[] = [];
  const list = new PaginatedList<number>(async (request) => {
    requests.push(request);
    const begin = request.after === null ? 0 : Number(request.after) + 1;
    const nodes = Array.from({ length: Math.min(request.first, length - begin) }, (_, index) => begin + index);
    const pageInfo = { endCursor: nodes.at(-1)?.toString() ?? null, hasNextPage: begin + nodes.length < length };
    return { nodes, pageInfo, ...(request.counted && { totalCount: length }) };
  }, pageSize);
  return { list, requests };
}

async function collect<Entry>(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const all: Entry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

describe("a list", () => {
  test("reads itself page by page, without having the server count", async () => {
    const { list, requests } = numbers(5, 2);
    expect(await collect(list)).toEqual([0, 1, 2, 3, 4]);
    expect(requests).toEqual([
      { first: 2, after: null, counted: false },
      { first: 2, after: "1", counted: false },
      { first: 2, after: "3", counted: false },
    ]);
  });

  test("asks for nothing before the first entry is, and for no page after the loop has ended", async () => {
    const { list, requests } = numbers(1000);
    expect(requests).toHaveLength(0);
    for await (const entry of list) if (entry === 99) break;
    expect(requests).toHaveLength(1);
  });

  test("begins anew with every loop", async () => {
    const { list } = numbers(3, 2);
    expect(await collect(list)).toEqual(await collect(list));
  });

  test("may be empty", async () => {
    expect(await collect(numbers(0).list)).toEqual([]);
  });

  test("gives whole pages, one after the other", async () => {
    const pages = await collect(numbers(3, 2).list.byPage());
    expect(pages.map(({ nodes }) => nodes)).toEqual([[0, 1], [2]]);
  });

  test("gives a single page with the length of the whole list", async () => {
    const { list } = numbers(5);
    const first = await list.page({ first: 2 });
    expect(first).toEqual({ nodes: [0, 1], pageInfo: { endCursor: "1", hasNextPage: true }, totalCount: 5 });
    expect((await list.page({ first: 10, after: first.pageInfo.endCursor })).nodes).toEqual([2, 3, 4]);
    expect((await list.page()).nodes).toHaveLength(5);
  });

  test.each([null, "stuck"])("ends instead of reading the same page for ever (cursor %s)", async (endCursor) => {
    const list = new PaginatedList(async () => ({ nodes: [1], pageInfo: { endCursor, hasNextPage: true } }));
    await expect(collect(list)).rejects.toBeInstanceOf(ServerError);
  });

  test("fails where a page fails, after the entries before it", async () => {
    const seen: number[] = [];
    const list = new PaginatedList<number>(async ({ after }) => {
      if (after !== null) throw new ServerError("down", { code: "UNAVAILABLE" });
      return { nodes: [1, 2], pageInfo: { endCursor: "2", hasNextPage: true } };
    });
    const reading = (async () => {
      for await (const entry of list) seen.push(entry);
    })();
    await expect(reading).rejects.toThrow("down");
    expect(seen).toEqual([1, 2]);
  });
});
