import { expect, test } from "vitest";
import type { StoredEvent } from "../events/index.js";
import { newsOf } from "./webhook-message.js";

const event = (index: number, more: Partial<StoredEvent> = {}): StoredEvent => ({
  id: `evt_${index}`,
  type: "UPDATED",
  tenantId: "ten_a",
  keyId: `key_${index}`,
  userId: "usr_a",
  formerUserId: null,
  tokenId: null,
  subjectId: null,
  sessionId: null,
  roleId: null,
  teamIds: [],
  reason: "why",
  occurredAt: new Date("2030-01-01T00:00:00Z"),
  ...more,
});
const many = (count: number, more?: Partial<StoredEvent>) =>
  Array.from({ length: count }, (_, index) => event(index, more));
const dataOf = (payload: string) => (JSON.parse(payload) as { data: Record<string, unknown> }).data;

test("each of a hundred events has a message of its own", () => {
  const news = newsOf(many(100));
  expect(news.map(({ keyId }) => keyId)).toEqual(many(100).map(({ keyId }) => keyId));
  expect(JSON.parse(news[0]?.message.payload ?? "")).toEqual({
    type: "key.updated",
    timestamp: "2030-01-01T00:00:00.000Z",
    data: { id: "evt_0", tenantId: "ten_a", keyId: "key_0", userId: "usr_a", reason: "why" },
  });
});

test("more are told by lists that name each key once, of one tenant, type and reason", () => {
  const all = [...many(1_001), event(2_000, { reason: "another" }), event(2_001, { tenantId: "ten_b" })];
  const news = newsOf(all);
  expect(news.map(({ tenantId, keyId }) => [tenantId, keyId])).toEqual([
    ["ten_a", null],
    ["ten_a", null],
    ["ten_a", "key_1000"],
    ["ten_a", "key_2000"],
    ["ten_b", "key_2001"],
  ]);
  const [first, second] = news.map(({ message }) => dataOf(message.payload));
  expect(first).toMatchObject({ id: "evt_0", tenantId: "ten_a", keyId: null, userId: null, reason: "why" });
  expect([first?.["keyIds"], second?.["keyIds"]].flat()).toEqual(many(1_000).map(({ keyId }) => keyId));
});

test("what is about no key is told by itself", () => {
  const news = newsOf(many(101, { type: "OWNER_UPDATED", keyId: null }));
  expect(news).toHaveLength(101);
  expect(new Set(news.map(({ message }) => dataOf(message.payload)["id"])).size).toBe(101);
});
