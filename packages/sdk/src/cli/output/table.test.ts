import { describe, expect, test } from "vitest";
import { type Column, createTable, cut, widthOf } from "./table.js";
import { safe, shown } from "./text.js";

interface Row {
  readonly id: string;
  readonly name: string;
  readonly count: number;
}
const columns: readonly Column<Row>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "NAME", of: ({ name }) => name },
  { head: "COUNT", of: ({ count }) => count, isNumber: true },
];

function set(rows: readonly Row[], width: number): string[] {
  const table = createTable(columns, rows, { width, bold: (text) => text });
  return [table.head(), ...rows.map((row) => table.row(row))];
}

describe("a table", () => {
  test("has aligned columns, numbers to the right, and no spaces at the end", () => {
    expect(
      set(
        [
          { id: "a", name: "Orders", count: 5 },
          { id: "bb", name: "X", count: 12_345 },
        ],
        80,
      ),
    ).toEqual(["ID  NAME     COUNT", "a   Orders       5", "bb  X       12,345"]);
  });

  test("is cut to the width, but no id and no number", () => {
    const lines = set([{ id: "key_0123456789", name: "a name that is far too long", count: 1 }], 36);
    expect(lines[1]).toBe("key_0123456789  a name that …      1");
    expect(Math.max(...lines.map(widthOf))).toBe(36);
    expect(set([{ id: "key_0123456789", name: "a name that is far too long", count: 1 }], 10)[1]).toContain(
      "key_0123456789",
    );
  });

  test("is whole where nobody looks at it", () => {
    const name = "x".repeat(500);
    expect(set([{ id: "a", name, count: 1 }], Number.POSITIVE_INFINITY)[1]).toContain(name);
  });

  test("stands straight with wide characters", () => {
    const [, wide = "", narrow = ""] = set(
      [
        { id: "a", name: "注文", count: 1 },
        { id: "b", name: "abcd", count: 1 },
      ],
      80,
    );
    expect(widthOf(wide)).toBe(widthOf(narrow));
    expect(widthOf(cut("注文注文", 5))).toBe(5);
  });
});

describe("other people's text", () => {
  test.for([
    "\u001b[31mred\u001b[0m",
    "two\nlines",
    "bell\u0007",
    "\u009b2J",
    "right\u202etxt.exe",
    "zero\u200bwidth",
    "line\u2028separator",
  ])("%j does not command the terminal", (text) => {
    expect(safe(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(safe(text)).toContain("·");
  });

  test("is shown as people read it", () => {
    expect([shown(null), shown(true), shown(1234.5), shown(["a", "b"]), shown({ a: 1 })]).toEqual([
      "",
      "yes",
      "1,234.5",
      "a, b",
      '{"a":1}',
    ]);
    expect(shown("2026-11-22T15:12:03.123Z")).toBe("2026-11-22 15:12:03Z");
    expect(shown("Zoë, Ωmega, 注文")).toBe("Zoë, Ωmega, 注文");
  });
});
