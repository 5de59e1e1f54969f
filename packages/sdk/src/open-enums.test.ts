import { readFileSync } from "node:fs";
import type { KeyStatus } from "./_generated/schema-types.js";
import { isRefusal } from "./client/results.js";
import type { Key, Verdict } from "./entities.js";
import { data } from "./test-helpers/fake-server.js";
import { describe, expect, expectTypeOf, secret, test } from "./test-helpers/story.js";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

describe("an answer of a newer server", () => {
  test("may have values that this version does not know", async ({ story }) => {
    story.server.replies(data({ verifyKey: { valid: false, code: "STOLEN", key: { environment: "STAGING" } } }));
    const verdict = await story.keys.verify({ key: secret });
    expect(verdict).toMatchObject({ code: "STOLEN", key: { environment: "STAGING" } });
    // Both compile: the values that are known are proposed and compared, and any other is a string.
    const message = verdict.code === "REVOKED" ? "revoked" : verdict.code.toLowerCase();
    expect(message).toBe("stolen");
  });

  test("may refuse for a reason that this version does not know", async ({ story }) => {
    const quarantined = { __typename: "QuarantinedError", code: "QUARANTINED", message: "Wait.", docsUrl: "https://x" };
    story.server.replies(data({ revokeKey: quarantined }));
    const result = await story.keys.revoke({ id: "key_1", reason: "leaked" });
    expect(isRefusal(result) && result.code).toBe("QUARANTINED");
  });

  test("may succeed with a member that this version does not know", async ({ story }) => {
    story.server.replies(data({ revokeKey: { __typename: "RevokeKeyLaterPayload" } }));
    expect(isRefusal(await story.keys.revoke({ id: "key_1", reason: "leaked" }))).toBe(false);
  });
});

test("enums are open in results, and closed in what one sends", () => {
  expectTypeOf<string>().toExtend<Key["status"]>();
  expectTypeOf<string>().toExtend<Verdict["code"]>();
  expectTypeOf<string>().not.toExtend<KeyStatus>();
});

test("every enum that results carry is opened", () => {
  const enums = [...read("./_generated/schema-types.ts").matchAll(/^export type (\w+) =$/gm)].map(([, name]) => name);
  const used = new Set(
    [...read("./_generated/operations.ts").matchAll(/^ +readonly .*Types\.(\w+)/gm)].map(([, name]) => name),
  );
  const opened = new Set([...read("./open-enums.ts").matchAll(/^export type (\w+) = Open</gm)].map(([, name]) => name));
  const carried = enums.filter((name) => used.has(name));
  expect(carried.length).toBeGreaterThan(5);
  expect(carried.filter((name) => !opened.has(name))).toEqual([]);
});
