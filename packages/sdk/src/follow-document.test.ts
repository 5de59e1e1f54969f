import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { FollowKeyEventsDocument } from "./_generated/documents.js";

test("the document that servers trust by its hash is the one that they know", () => {
  // A change puts every follower on a path that costs servers twice as much: add the new hash to
  // packages/server/src/http/trusted-follow.ts, and keep the old one.
  const hash = createHash("sha256").update(String(FollowKeyEventsDocument)).digest("hex");
  expect(hash).toMatchInlineSnapshot(`"88311934fa9aefc0bd738facc76b528b9c98eed631917b9146090ee31e45d64d"`);
});
