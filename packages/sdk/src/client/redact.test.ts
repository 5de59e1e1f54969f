import { describe, expect, test } from "vitest";
import { secret, token } from "../test-helpers/story.js";
import { redact, redactCause } from "./redact.js";

describe("a text", () => {
  test("loses the token, of whatever form, and all of a key but its start", () => {
    expect(redact("Bearer my-own.token!", "my-own.token!")).toBe("Bearer [token]");
    expect(redact(`"${secret}"`, token)).toBe('"kp_live_003a…"');
  });

  test("loses keys that are cut off, too long, or stand together", () => {
    const texts = [secret.slice(0, 20), `${secret}${secret}`, `${secret},${secret}`, `(${secret}x)`];
    for (const text of texts) expect(redact(text, token)).not.toContain(secret.slice(12, 20));
  });

  test("keeps everything else, the displayed start included", () => {
    const text = "The key kp_live_003a of key_01J5 is not allowed at 203.0.113.9; see live_test.";
    expect(redact(text, token)).toBe(text);
  });
});

describe("a cause", () => {
  test("stays the object that it is when it says nothing secret", () => {
    const cause = new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
    expect(redactCause(cause, token)).toBe(cause);
  });

  test("is replaced when it, or a cause of its, contains the token", () => {
    const cause = new TypeError("fetch failed", { cause: new Error(`Bearer ${token} is an invalid header value`) });
    const shown = redactCause(cause, token);
    expect(shown).toBeInstanceOf(Error);
    expect(String((shown as Error).stack)).not.toContain(token);
    expect((shown as Error).message).toContain("fetch failed");
  });

  test("may be anything, and go in circles", () => {
    const circle = new Error("round");
    circle.cause = circle;
    for (const cause of [undefined, null, "text", 7, circle]) expect(redactCause(cause, token)).toBe(cause);
  });
});
