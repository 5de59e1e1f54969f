import { generateKey } from "@keyplane/schema";
import { describe, expect, test } from "../test-helpers/guard-story.js";

const unknownKey = () => generateKey({ prefix: "kp", environment: "LIVE" }).secret;
const [inside, outside] = ["203.0.113.9", "198.51.100.1"];

describe.each(["lazy", "full"] as const)("in the mode %s", (mode) => {
  test("the address lists of owner and tenant count as soon as they change", async ({ story }) => {
    const { guard, key } = await story.withKey({ mode });
    expect(await guard.verify(key.secret, { ip: outside })).toMatchObject({ code: "VALID" });
    story.plane.updateTenant({ allowedIps: ["203.0.113.0/24"] });
    await story.moment();
    expect(await guard.verify(key.secret, { ip: outside })).toMatchObject({
      code: "IP_NOT_ALLOWED",
      message: expect.stringContaining("tenant's allow list"),
    });
    expect(await guard.verify(key.secret)).toMatchObject({ code: "IP_NOT_ALLOWED" });
    expect(await guard.verify(key.secret, { ip: inside })).toMatchObject({ code: "VALID" });
    story.plane.updateUser(key.ownerId, { deniedIps: [inside] });
    await story.moment();
    expect(await guard.verify(key.secret, { ip: inside })).toMatchObject({ code: "IP_NOT_ALLOWED" });
    story.plane.updateUser(key.ownerId, { deniedIps: [] });
    story.plane.updateTenant({ allowedIps: [] });
    await story.moment();
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID" });
  });

  test("an address that presents unknown keys is held up as on the server, and does not reach it any more", async ({
    story,
  }) => {
    const { guard, key } = await story.withKey({ mode, unknownKeysPerAddress: 5 });
    const codeOf = async (text: string, ip: string) => (await guard.verify(text, { ip })).code;
    for (let time = 0; time < 5; time++) expect(await codeOf(unknownKey(), inside)).toBe("NOT_FOUND");
    const { records } = story.server.asked;
    expect(await guard.verify(unknownKey(), { ip: inside })).toMatchObject({
      valid: false,
      code: "RATE_LIMITED",
      source: "local",
      key: null,
      retryAfterMs: expect.any(Number),
    });
    expect(await codeOf("kp_live_003aUlTJC7tjlCTQj2uNU3aFagCXG9LRKRcwGkBIDlf0GsQOQ", inside)).toBe("RATE_LIMITED");
    expect(story.server.asked.records).toBe(records);
    // Neither a key that is known, nor another address.
    expect(await codeOf(key.secret, inside)).toBe("VALID");
    expect(await codeOf(unknownKey(), outside)).toBe("NOT_FOUND");
  });

  test("keys that are new to the guard cost an address nothing", async ({ story }) => {
    const { guard } = await story.withKey({ mode, unknownKeysPerAddress: 2 });
    for (let time = 0; time < 5; time++) {
      const { secret } = story.plane.createKey();
      if (mode === "full") await story.moment();
      expect(await guard.verify(secret, { ip: inside })).toMatchObject({ code: "VALID" });
    }
  });
});

test("while an address is held up, a full guard decides every key from there, and a lazy one only those that it has seen", async ({
  story,
}) => {
  for (const mode of ["lazy", "full"] as const) {
    const { guard, key } = await story.withKey({ mode, unknownKeysPerAddress: 2 });
    await guard.verify(key.secret);
    const unseen = story.plane.createKey();
    await story.moment();
    const codeOf = async (text: string, ip: string) => (await guard.verify(text, { ip })).code;
    for (let time = 0; time < 3; time++) await codeOf(unknownKey(), inside);
    story.plane.updateUser(key.ownerId, { deniedIps: [] });
    await story.moment();
    expect(await codeOf(key.secret, inside)).toBe("VALID");
    expect(await codeOf(unseen.secret, inside)).toBe(mode === "full" ? "VALID" : "RATE_LIMITED");
    expect(await codeOf(unseen.secret, outside)).toBe("VALID");
    expect(await codeOf(unseen.secret, inside)).toBe("VALID");
  }
});
