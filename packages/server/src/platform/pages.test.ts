import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BadUserInputError } from "./errors.js";
import { afterPlace, type Direction, defaultPageSize, maxPageSize, orderBy, pageOf, parsePage } from "./pages.js";

interface Row {
  readonly id: string;
  readonly usedAt: Date | null;
}

const order = "rows.USED_AT";
const parse = (page: Parameters<typeof parsePage>[0], nullable = true) => parsePage(page, order, "usedAt", nullable);

/** What the database makes of `afterPlace`. */
function matches(row: Row, condition: Record<string, unknown>): boolean {
  const same = (a: unknown, b: unknown) => (a instanceof Date && b instanceof Date ? +a === +b : a === b);
  return Object.entries(condition).every(([field, wanted]) => {
    if (field === "OR") return (wanted as Record<string, unknown>[]).some((part) => matches(row, part));
    const value = row[field as keyof Row];
    if (typeof wanted !== "object" || wanted === null || wanted instanceof Date) return same(value, wanted);
    const { gt, lt } = wanted as { gt?: string | Date; lt?: string | Date };
    if (value === null) return false;
    return gt === undefined ? lt !== undefined && value < lt : value > gt;
  });
}

/** What the database makes of `orderBy`: nulls last in both directions. */
function sorted(rows: readonly Row[], direction: Direction): Row[] {
  const sign = direction === "asc" ? 1 : -1;
  const compare = (a: string | number, b: string | number) => (a < b ? -sign : a > b ? sign : 0);
  return [...rows].sort((a, b) => {
    if (a.usedAt && b.usedAt) return compare(+a.usedAt, +b.usedAt) || compare(a.id, b.id);
    return Number(a.usedAt === null) - Number(b.usedAt === null) || compare(a.id, b.id);
  });
}

function readPage(rows: readonly Row[], direction: Direction, first: number, cursor: string | null) {
  const { size, after } = parse({ first, after: cursor });
  const rest = sorted(rows, direction).filter((row) => matches(row, afterPlace("usedAt", direction, after, true)));
  const placeOf = (row: Row) => ({ value: row.usedAt, id: row.id });
  return pageOf({ rows: rest.slice(0, size + 1), size, order, after, placeOf, totalCount: async () => rows.length });
}

const rows = fc.uniqueArray(
  fc.record({
    id: fc.stringMatching(/^[a-z]{1,3}$/),
    // Few times, so that many are equal.
    usedAt: fc.option(fc.integer({ min: 0, max: 3 }).map((ms) => new Date(ms))),
  }),
  { selector: (row) => row.id, maxLength: 30 },
);

describe("pages", () => {
  test("together are the whole list, whatever is equal or null, in pages of any size", () => {
    fc.assert(
      fc.property(rows, fc.constantFrom("asc", "desc"), fc.integer({ min: 1, max: 7 }), (list, direction, size) => {
        const seen: Row[] = [];
        let cursor: string | null = null;
        let hasNextPage = true;
        while (hasNextPage) {
          const page = readPage(list, direction, size, cursor);
          expect(page.pageInfo.hasPreviousPage).toBe(cursor !== null);
          expect(page.edges.length).toBe(Math.min(size, list.length - seen.length));
          seen.push(...page.edges.map(({ node }) => node));
          ({ hasNextPage, endCursor: cursor } = page.pageInfo);
        }
        expect(seen).toEqual(sorted(list, direction));
      }),
    );
  });

  test("an empty page has no cursors", async () => {
    const page = readPage([], "asc", 5, null);
    expect(page).toMatchObject({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
    expect(await page.totalCount()).toBe(0);
  });

  test("the order is total, and says where nulls go", () => {
    expect(orderBy("name", "asc")).toEqual([{ name: "asc" }, { id: "asc" }]);
    expect(orderBy("usedAt", "desc", true)).toEqual([{ usedAt: { sort: "desc", nulls: "last" } }, { id: "desc" }]);
  });
});

describe("first", () => {
  test("is 20 when nothing is said", () => {
    expect(defaultPageSize).toBe(20);
    for (const first of [undefined, null]) expect(parse({ first }).size).toBe(20);
    expect(parse({}).size).toBe(20);
  });

  test("is 1 to 100", () => {
    expect(maxPageSize).toBe(100);
    for (const first of [1, 100]) expect(parse({ first }).size).toBe(first);
    for (const first of [0, -1, 101, 1e9]) {
      expect(() => parse({ first })).toThrow(
        new BadUserInputError("first: Ask for 1 to 100 entries and follow pageInfo.endCursor for more."),
      );
    }
  });
});

describe("after", () => {
  const refusal = new BadUserInputError(
    "after: Pass a cursor as this list gave it, with the same orderBy. To start again, leave it out.",
  );
  const encode = (content: unknown) => Buffer.from(JSON.stringify(content)).toString("base64url");

  test("is the place that the cursor was made of", () => {
    const place = fc.record({
      value: fc.oneof(
        fc.date({ min: new Date(0), max: new Date(253402300799999), noInvalidDate: true }),
        fc.constant(null),
      ),
      id: fc.stringMatching(/^[a-z]{3}_[0-9A-Za-z]{24}$/),
    });
    fc.assert(
      fc.property(place, (at) => {
        const page = pageOf({
          rows: [at],
          size: 1,
          order,
          after: null,
          placeOf: (row) => row,
          totalCount: async () => 1,
        });
        expect(parse({ after: page.pageInfo.endCursor }).after).toEqual(at);
      }),
    );
  });

  test("of text holds any name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 100 }), (value) => {
        fc.pre(!value.includes("\0"));
        const after = encode(["rows.NAME", value, "id"]);
        expect(parsePage({ after }, "rows.NAME", "name").after).toEqual({ value, id: "id" });
      }),
    );
  });

  test("of another list or order is refused, not followed", () => {
    const after = encode(["others.USED_AT", 5, "id"]);
    expect(() => parse({ after })).toThrow(refusal);
    expect(parsePage({ after }, "others.USED_AT", "usedAt").after).toEqual({ value: new Date(5), id: "id" });
  });

  test("without a value is refused where every entry has one", () => {
    const after = encode([order, null, "id"]);
    expect(parse({ after }).after).toEqual({ value: null, id: "id" });
    expect(() => parse({ after }, false)).toThrow(refusal);
  });

  test("of any text is followed or refused, never a fault", () => {
    const forged = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.jsonValue().map(encode),
      fc.jsonValue().map((value) => encode([order, value, "id"])),
      fc.jsonValue().map((value) => encode([order, 5, value])),
    );
    fc.assert(
      fc.property(forged, (after) => {
        try {
          const { value } = parse({ after }).after ?? { value: null };
          if (value !== null) expect(Number.isNaN(+value)).toBe(false);
        } catch (error) {
          expect(error).toEqual(refusal);
        }
      }),
    );
  });
});
