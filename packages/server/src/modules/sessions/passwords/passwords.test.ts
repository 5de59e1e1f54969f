import { describe, expect, test } from "vitest";
import { createPasswordHasher, hashCost } from "./password-hasher.js";
import { passwordIssues } from "./password-policy.js";

const cheap = { memoryCost: 1_024, timeCost: 1, parallelism: 1 };
const password = "quiet lantern over nine harbours";

describe("hashes of passwords", () => {
  test("cost at least what OWASP asks for", async () => {
    const hasher = createPasswordHasher();
    expect(await hasher.hash(password)).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(hashCost).toEqual({ memoryCost: 19_456, timeCost: 2, parallelism: 1 });
  });

  test("fit the whole password and no other, however its letters are composed", async () => {
    const hasher = createPasswordHasher(cheap);
    const long = "é".repeat(255);
    const hash = await hasher.hash(`${long}x`);
    expect(await hasher.verify(hash, `${"e\u0301".repeat(255)}x`)).toBe(true);
    for (const other of [long, `${long}y`, `${long}x `, ""]) expect(await hasher.verify(hash, other)).toBe(false);
    expect(await hasher.hash(password)).not.toBe(await hasher.hash(password));
  });

  test("are compared also where there is none, and never fit then", async () => {
    const hasher = createPasswordHasher(cheap);
    expect(await hasher.verify(null, "the password of nobody")).toBe(false);
    expect(await hasher.verify(null, "")).toBe(false);
  });

  test("made with less work are known as such", async () => {
    const [weak, strong] = [createPasswordHasher(cheap), createPasswordHasher({ ...cheap, timeCost: 2 })];
    const hash = await weak.hash(password);
    expect([weak.needsRehash(hash), strong.needsRehash(hash), strong.needsRehash("$2b$10$x")]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test("wait for their turn, and not without end", async () => {
    const hasher = createPasswordHasher(cheap);
    const all = await Promise.allSettled(Array.from({ length: 150 }, () => hasher.hash(password)));
    const refused = all.filter((each) => each.status === "rejected").map(({ reason }) => reason.code);
    expect(refused.length).toBeGreaterThanOrEqual(48);
    expect(new Set(refused)).toEqual(new Set(["UNAVAILABLE"]));
    expect(await hasher.hash(password)).toContain("argon2id");
  });
});

describe("new passwords", () => {
  const context = ["ada.lovelace@example.com", "Ada Lovelace", "Analytical Engines", "engines"];
  const messageFor = async (text: string) => (await passwordIssues(text, context, ["password"]))[0]?.message ?? "fine";

  test.for([
    password,
    "тихая гавань и девять фонарей",
    "静かな港の九つの灯台と小さな船が並ぶ",
    "correct horse battery staple",
    "🦆🎻🌋🚲🧭🪁🫐🥁🛶🔭🧊🪵🎲🪡🧵",
    "ada likes seven slow trains",
    "x8Jq2 vM0pL zR7wT",
  ])("%s is fine", async (text) => {
    expect(await messageFor(text)).toBe("fine");
  });

  test.for([
    ["short but odd!", "at least 15 characters; this has 14"],
    ["               ", "easy to guess"],
    ["iloveyouiloveyou", "easy to guess"],
    ["password12345678", "easy to guess"],
    ["zxcvbnmasdfghjkl", "easy to guess"],
    ["abcabcabcabcabcabc", "easy to guess"],
    ["Ada Lovelace 1815", "belong to your account"],
    ["ada.lovelace@example.com", "belong to your account"],
    ["AnalyticalEngines!", "belong to your account"],
    ["keyplane keyplane", "belong to your account"],
  ] as const)("%s is refused", async ([text, message]) => {
    expect(await messageFor(text)).toContain(message);
  });
});
