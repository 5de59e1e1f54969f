import { readFileSync } from "node:fs";
import {
  docsUrlForError,
  docsUrlForVerdict,
  type ErrorCode,
  errorCodes,
  idPrefixes,
  keyEventTypes,
  permissions,
  roles,
  type VerdictCode,
  verdictCodes,
} from "@keyplane/schema";
import { variables } from "@keyplane/server";
import { describe, expect, test } from "vitest";

const pageOf = (name: string): string => readFileSync(new URL(`../../docs/reference/${name}`, import.meta.url), "utf8");

/** The sections of a page by their heading, `### CODE`, in their order. */
function sectionsOf(page: string): Map<string, string> {
  const parts = pageOf(page).split(/^### /m).slice(1);
  return new Map(parts.map((part) => [part.split("\n", 1)[0] ?? "", part]));
}

/** The rows of the tables of a page by their first cell, which is a code span. */
function rowsOf(page: string): Map<string, string> {
  const rows = [...pageOf(page).matchAll(/^\| `([^`]+)` +\|.*$/gm)];
  return new Map(rows.map(([row, name]) => [name ?? "", row.replaceAll("\\|", "|")]));
}

describe("the pages of docs/reference say what the registries say: run `pnpm generate`", () => {
  test("error codes", () => {
    const sections = sectionsOf("error-codes.md");
    expect([...sections.keys()]).toEqual(Object.keys(errorCodes));
    for (const [code, { title, message, remedy, httpStatus }] of Object.entries(errorCodes)) {
      for (const text of [title, message, remedy, `HTTP status ${httpStatus}`])
        expect(sections.get(code)).toContain(text);
      expect(docsUrlForError(code as ErrorCode)).toMatch(
        new RegExp(`/docs/reference/error-codes\\.md#${code.toLowerCase()}$`),
      );
    }
  });

  test("verdict codes, in the order of the checks", () => {
    const sections = sectionsOf("verdict-codes.md");
    expect([...sections.keys()]).toEqual(Object.keys(verdictCodes));
    for (const [code, { title, message, cause, remedy }] of Object.entries(verdictCodes)) {
      for (const text of [title, message, cause, remedy]) expect(sections.get(code)).toContain(text);
      expect(docsUrlForVerdict(code as VerdictCode)).toMatch(
        new RegExp(`/docs/reference/verdict-codes\\.md#${code.toLowerCase()}$`),
      );
    }
  });

  test("variables of the configuration", () => {
    const sections = sectionsOf("configuration.md");
    expect([...sections.keys()]).toEqual(Object.keys(variables));
    for (const [name, { description, fallback, wants }] of Object.entries(variables)) {
      for (const text of [description, fallback, wants]) expect(sections.get(name)).toContain(text);
    }
  });

  test("permissions and roles", () => {
    const rows = rowsOf("permissions.md");
    const known = { ...roles, ...permissions };
    for (const [name, { description }] of Object.entries(known)) expect(rows.get(name)).toContain(description);
    // A name in a table that is neither is one that was removed, or misspelt.
    const names = [...rows.keys()].filter((name) => name.includes(":"));
    expect(names).toEqual(expect.arrayContaining(Object.keys(permissions)));
    expect(names.filter((name) => !(name in permissions))).toEqual([]);
  });

  test("event types", () => {
    const rows = rowsOf("event-types.md");
    expect([...rows.keys()]).toEqual(Object.keys(keyEventTypes));
    for (const [type, { description }] of Object.entries(keyEventTypes)) expect(rows.get(type)).toContain(description);
  });

  test("prefixes of ids", () => {
    const rows = rowsOf("ids.md");
    expect([...rows.keys()]).toEqual(Object.values(idPrefixes).map((prefix) => `${prefix}_`));
    for (const [kind, prefix] of Object.entries(idPrefixes)) expect(rows.get(`${prefix}_`)).toContain(kind);
  });
});
