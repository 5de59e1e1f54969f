import { describe, expect, test } from "vitest";
import { docsPages, docsPagesAt, docsUrlForError, docsUrlForVerdict } from "./docs-url.js";
import { environments } from "./environments.js";
import { type ErrorCode, errorCodes } from "./error-codes.js";
import { keyEventTypes } from "./event-types.js";
import { permissions, permissionsOf } from "./permissions.js";
import { roles } from "./roles.js";
import { keyStatuses, tenantStatuses, userStatuses } from "./statuses.js";
import { type VerdictCode, verdictCodes } from "./verdict-codes.js";

const sentence = /^[A-Z`].*\.$/;

describe("verdict codes", () => {
  test("stand in the order of the contract, which is the order of the checks", () => {
    expect(Object.keys(verdictCodes).join(" ")).toBe(
      "VALID MALFORMED CHECKSUM_MISMATCH WRONG_ENVIRONMENT NOT_FOUND REVOKED EXPIRED SUPERSEDED QUARANTINED DISABLED " +
        "OWNER_NOT_FOUND OWNER_DISABLED TENANT_SUSPENDED INSUFFICIENT_SCOPE API_NOT_GRANTED API_RETIRED " +
        "IP_NOT_ALLOWED RATE_LIMITED QUOTA_EXCEEDED",
    );
  });

  test.each(Object.entries(verdictCodes))("%s has whole sentences and a page", (code, { message, cause, remedy }) => {
    for (const text of [message, cause, remedy]) expect(text).toMatch(sentence);
    expect(docsUrlForVerdict(code as VerdictCode)).toMatch(/\/docs\/reference\/verdict-codes\.md#[a-z_]+$/);
  });

  test("every code has the HTTP status for whoever presented the key: let in only when valid, to wait only when worth it", () => {
    const byStatus = Object.entries(verdictCodes).map(([code, entry]) => [entry.httpStatus, code] as const);
    const codesOf = (status: number) => byStatus.flatMap(([own, code]) => (own === status ? [code] : [])).join(" ");
    expect({ 200: codesOf(200), 401: codesOf(401), 403: codesOf(403), 410: codesOf(410), 429: codesOf(429) }).toEqual({
      200: "VALID",
      401: "MALFORMED CHECKSUM_MISMATCH WRONG_ENVIRONMENT NOT_FOUND REVOKED EXPIRED SUPERSEDED DISABLED",
      403: "QUARANTINED OWNER_NOT_FOUND OWNER_DISABLED TENANT_SUSPENDED INSUFFICIENT_SCOPE API_NOT_GRANTED IP_NOT_ALLOWED",
      410: "API_RETIRED",
      429: "RATE_LIMITED QUOTA_EXCEEDED",
    });
  });

  test("only limits are worth a retry", () => {
    const retryable = Object.entries(verdictCodes).filter(([, entry]) => entry.retryable);
    expect(retryable.map(([code]) => code)).toEqual(["RATE_LIMITED", "QUOTA_EXCEEDED"]);
  });
});

describe("error codes", () => {
  test.each(Object.entries(errorCodes))("%s has whole sentences and a page", (code, { message, remedy }) => {
    for (const text of [message, remedy]) expect(text).toMatch(sentence);
    expect(docsUrlForError(code as ErrorCode)).toMatch(/\/docs\/reference\/error-codes\.md#[a-z_]+$/);
  });

  test.each(Object.entries(errorCodes))("%s has an HTTP status that fits its place", (_, { where, httpStatus }) => {
    if (where === "result") expect(httpStatus).toBe(200);
    else expect(httpStatus).toBeGreaterThanOrEqual(400);
  });
});

describe("permissions", () => {
  test("an administrator has every permission", () => {
    expect(permissionsOf("ADMIN")).toEqual(Object.keys(permissions));
  });

  test("a developer reads, verifies, reports usage and leaked keys, requests access to APIs, rotates their own keys, and changes nothing else", () => {
    const reads = [
      "tenants:read",
      "users:read",
      "apis:read",
      "grants:read",
      "grants:request",
      "keys:read",
      "keys:rotate_own",
      "keys:report",
      "keys:verify",
      "keys:diagnose",
    ];
    expect(permissionsOf("DEVELOPER")).toEqual([...reads, "usage:read", "usage:record"]);
  });

  test("a guest has none", () => {
    expect(permissionsOf("GUEST")).toEqual([]);
  });

  test("only creating and suspending tenants, integrity and metrics are reserved to callers of the whole installation", () => {
    const reserved = Object.entries(permissions).filter(([, entry]) => entry.installationOnly);
    expect(reserved.map(([name]) => name)).toEqual([
      "tenants:create",
      "tenants:suspend",
      "integrity:read",
      "integrity:run",
      "metrics:read",
    ]);
  });

  test("a list of permissions cannot be changed by its reader", () => {
    expect(Object.isFrozen(permissionsOf("GUEST"))).toBe(true);
  });
});

describe("enums", () => {
  test("have the contract's values in its order, each with a description", () => {
    const values = { environments, tenantStatuses, userStatuses, keyStatuses, roles, keyEventTypes };
    expect(
      Object.fromEntries(Object.entries(values).map(([name, table]) => [name, Object.keys(table).join(" ")])),
    ).toEqual({
      environments: "LIVE TEST",
      tenantStatuses: "ACTIVE SUSPENDED DELETED",
      userStatuses: "ACTIVE DISABLED DELETED",
      keyStatuses: "ACTIVE DISABLED REVOKED EXPIRED QUARANTINED",
      roles: "ADMIN DEVELOPER GUEST",
      keyEventTypes:
        "CREATED UPDATED ROTATED DISABLED ENABLED QUARANTINED REVOKED EXPIRED EXPIRING DELETED " +
        "LEAKED IDLE NEVER_EXPIRES SHARED ROTATION_DUE ROTATION_OVERDUE " +
        "OWNER_UPDATED OWNER_DISABLED OWNER_ENABLED OWNER_DELETED TENANT_UPDATED TENANT_SUSPENDED TENANT_RESUMED",
    });
    const tables: Record<string, { readonly description: string }>[] = Object.values(values);
    const entries = tables.flatMap((table) => Object.values(table));
    for (const { description } of entries) expect(description).toMatch(sentence);
  });

  test("the address of a page carries the code in lower case, underscores kept", () => {
    expect(docsUrlForVerdict("INSUFFICIENT_SCOPE")).toMatch(/\/docs\/reference\/verdict-codes\.md#insufficient_scope$/);
  });

  test("all pages are below one address, which can be another", () => {
    expect(docsUrlForError("NOT_FOUND")).toBe(`${docsPages().url}/reference/error-codes.md#not_found`);
    const { verdicts, errors } = docsPagesAt("https://a.example/docs");
    expect(verdicts.REVOKED).toBe("https://a.example/docs/reference/verdict-codes.md#revoked");
    expect(errors.UNAVAILABLE).toBe("https://a.example/docs/reference/error-codes.md#unavailable");
  });
});
