import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Environment } from "../environments.js";
import { generateKey } from "./generate-key.js";
import { keyPattern, parseKey, parseManagementToken } from "./parse-key.js";

const prefixes = fc.stringMatching(/^[a-z0-9]{2,12}$/).filter((prefix) => prefix !== "keyplane");
const generated = fc
  .record({
    prefix: prefixes,
    environment: fc.constantFrom<Environment>("LIVE", "TEST"),
    bytes: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  })
  .map(({ prefix, environment, bytes }) => ({
    prefix,
    environment,
    ...generateKey({ prefix, environment, random: () => bytes }),
  }));

describe("parseKey", () => {
  test("accepts every generated key and reads its parts", () => {
    fc.assert(
      fc.property(generated, ({ secret, prefix, environment, start }) => {
        expect(parseKey(secret)).toEqual({ ok: true, prefix, environment, start });
      }),
    );
  });

  test("detects any single wrong character", () => {
    fc.assert(
      fc.property(generated, fc.nat(), fc.string({ unit: "binary", minLength: 1, maxLength: 1 }), (key, at, char) => {
        const index = at % key.secret.length;
        fc.pre(key.secret[index] !== char);
        expect(parseKey(key.secret.slice(0, index) + char + key.secret.slice(index + 1)).ok).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test("detects any single wrong base62 character", () => {
    fc.assert(
      fc.property(generated, fc.nat(), fc.stringMatching(/^[0-9A-Za-z]$/), (key, at, char) => {
        const index = at % key.secret.length;
        fc.pre(key.secret[index] !== char);
        expect(parseKey(key.secret.slice(0, index) + char + key.secret.slice(index + 1)).ok).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test("detects every truncation, at either end", () => {
    const { secret } = generateKey({ prefix: "kp", environment: "LIVE" });
    for (let cut = 1; cut <= secret.length; cut++) {
      expect(parseKey(secret.slice(0, -cut)).ok).toBe(false);
      expect(parseKey(secret.slice(cut)).ok).toBe(false);
    }
  });

  test("says by how much a key that lost its end is too short", () => {
    fc.assert(
      fc.property(generated, fc.integer({ min: 1, max: 49 }), ({ secret }, cut) => {
        fc.pre(!/^[spr]k_/.test(secret)); // these look like Stripe's once they are damaged
        expect(parseKey(secret.slice(0, -cut))).toMatchObject({ ok: false, problem: "too-short", by: cut });
      }),
    );
  });

  test("never throws, and gives every refusal a hint", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 700 }), (text) => {
        const result = parseKey(text);
        if (!result.ok) expect(result.hint).not.toBe("");
      }),
      { numRuns: 1000 },
    );
  });

  test("never gives away more of a damaged key than its start", () => {
    const damage = fc.constantFrom<(secret: string) => string>(
      (secret) => secret.slice(0, -1),
      (secret) => `${secret}x`,
      (secret) => `"${secret}"`,
      (secret) => `Bearer ${secret}`,
      (secret) => `${secret}\n`,
      (secret) => secret + secret,
      (secret) => secret.toLowerCase(),
      (secret) => secret.replace(/_(live|test)_/, "_prod_"),
      (secret) => secret.replace(/_(live|test)_/, "_"),
      (secret) => secret.slice(1),
      (secret) => secret.padEnd(600, "x"),
    );
    fc.assert(
      fc.property(generated, damage, (key, spoil) => {
        const result = JSON.stringify(parseKey(spoil(key.secret)));
        const random = key.secret.slice(key.start.length);
        for (let index = 0; index + 8 <= random.length; index++) {
          expect(result).not.toContain(random.slice(index, index + 8));
        }
      }),
    );
  });

  test("looks at the first 512 characters only, so a longer text costs no more", () => {
    const pieces = fc.constantFrom(
      "a",
      "_",
      " ",
      "a_",
      "%20",
      "live_",
      "a1_test_",
      generateKey({ prefix: "kp", environment: "LIVE" }).secret,
    );
    const tail = fc.string({ unit: "grapheme-ascii", minLength: 300, maxLength: 300 });
    fc.assert(
      fc.property(pieces, tail, tail, (piece, one, other) => {
        const head = piece.repeat(512).slice(0, 512);
        expect(parseKey(head + one)).toEqual(parseKey(head + other));
      }),
    );
  });
});

describe("parseManagementToken", () => {
  test("accepts management tokens only, and parseKey accepts none", () => {
    const token = generateKey({ prefix: "keyplane", environment: "LIVE" }).secret;
    const key = generateKey({ prefix: "kp", environment: "LIVE" }).secret;
    expect(parseManagementToken(token).ok).toBe(true);
    expect(parseManagementToken(key)).toMatchObject({ ok: false, problem: "foreign-format" });
    expect(parseKey(token)).toMatchObject({ ok: false, problem: "foreign-format" });
  });
});

describe("keyPattern", () => {
  test("finds a key within other text", () => {
    fc.assert(
      fc.property(generated, ({ secret }) => {
        const pattern = new RegExp(keyPattern, "g");
        expect(`x-api-key: "${secret}", key=${secret}\n`.match(pattern)).toEqual([secret, secret]);
      }),
    );
  });
});
