import { expect, test } from "vitest";
import type { Transaction } from "../../platform/database/index.js";
import type { DomainEvent } from "../events/index.js";
import { createTellKeys } from "./key-scope-changes.js";

const rows = [
  { id: "key_a", tenantId: "ten_a", ownerId: "usr_a", teamId: "tea_a" },
  { id: "key_b", tenantId: "ten_a", ownerId: "usr_b", teamId: null },
];

/** A transaction in which these keys are found. */
const tx = { $queryRaw: async () => rows } as unknown as Transaction;

test("each key that can use other scopes is told of, to its team, too", async () => {
  const told: DomainEvent[] = [];
  const events = { appendAll: async (_: Transaction, all: readonly DomainEvent[]) => void told.push(...all) };
  const tellKeys = createTellKeys({ events, max: 2 });
  await tellKeys(tx, { roleId: "rol_a" }, { kind: "none" }, "why");
  expect(told).toEqual([]);
  await tellKeys(tx, { roleId: "rol_a" }, { kind: "among", scopes: ["a"] }, "why");
  const of = { type: "UPDATED", tenantId: "ten_a", reason: "why" };
  expect(told).toEqual([
    { ...of, keyId: "key_a", userId: "usr_a", teamIds: ["tea_a"] },
    { ...of, keyId: "key_b", userId: "usr_b", teamIds: [] },
  ]);
});

test("a change that concerns more keys than can be told of at once is refused, and tells of none", async () => {
  const events = { appendAll: () => Promise.reject(new Error("told")) };
  const tellKeys = createTellKeys({ events, max: 1 });
  await expect(tellKeys(tx, { teamId: "tea_a" }, { kind: "all but", scopes: [] }, "why")).rejects.toMatchObject({
    code: "LIMIT_REACHED",
    message: expect.stringContaining("more than 1 keys"),
  });
});
