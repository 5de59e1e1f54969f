import { generateKey } from "@keyplane/schema";
import { describe, expect, test } from "vitest";
import { redactKeys } from "./redact-keys.js";

describe("redactKeys", () => {
  test("leaves of every key in a text only its start, whatever stands around it", () => {
    const { secret, start } = generateKey({ prefix: "kp", environment: "LIVE" });
    for (const [before, after] of [
      ["", ""],
      ["https://a.example/?key=", "&b"],
      ["x_", "_y"],
      ["Aé", "é"],
    ] as const) {
      const redacted = redactKeys(`${before}${secret}${after}`);
      expect(redacted).not.toContain(secret);
      expect(redacted).toContain(`${start}…${after}`);
    }
    expect(redactKeys(`${secret} ${secret}`)).toBe(`${start}… ${start}…`);
  });

  test("leaves other texts as they are", () => {
    const url = "https://github.com/octocat/Hello-World/blob/12345600b9cbe38a219f39a9941c9319b600c002/foo/bar.txt";
    expect(redactKeys(url)).toBe(url);
  });
});
