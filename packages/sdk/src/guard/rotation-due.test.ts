import { describe, expect, test } from "../test-helpers/guard-story.js";
import { refused } from "../testing/troubles.js";

const minute = 60_000;
const hint = expect.stringContaining("Rotate it with rotateKey");

describe.each(["lazy", "full"] as const)("in the mode %s", (mode) => {
  test("a key that was not rotated in time has a hint from that moment on, also where an API is asked for", async ({
    story,
  }) => {
    const { guard, key } = await story.withKey({ mode });
    const versions = [{ name: "v1", deprecatedAt: 0, retiredAt: null }];
    const api = { id: "api_1", slug: "orders", name: "Orders", isOpen: true, isDeleted: false, versions };
    story.plane.updateTenant({ rotateEveryMs: 2 * minute, apis: [api] });
    await story.moment();
    for (let round = 0; round < 3; round++)
      expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", hint: null, source: "local" });
    await story.time.advance(2 * minute);
    // Once it is decided ahead, and once more from what was decided.
    for (let round = 0; round < 3; round++)
      expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", hint });
    expect(await guard.verify(key.secret, { api: "orders" })).toMatchObject({ code: "VALID", hint });
    expect((await guard.verify(key.secret, { api: "orders@v1" })).hint).toMatch(
      /rotateKey, .* stops at once\. Orders v1 is deprecated/,
    );
  });

  test("a key that is overdue where such keys are refused is refused from that moment on", async ({ story }) => {
    const { guard, key } = await story.withKey({ mode });
    story.plane.updateTenant({ rotateEveryMs: 2 * minute, rotationOverdue: "REFUSE" });
    await story.moment();
    for (let round = 0; round < 3; round++)
      expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", hint: null });
    await story.time.advance(2 * minute);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "EXPIRED", valid: false });
  });

  test.for([
    ["its own interval", { rotateEveryMs: 2 * minute, rotationOverdue: "REFUSE" }, {}],
    ["its tenant's", { rotationOverdue: "REFUSE" }, { rotateEveryMs: 2 * minute, rotationOverdue: "WARN" }],
  ] as const)(
    "one that is itself to be refused when it is overdue by %s is so from that moment on, without a server",
    async ([, ofKey, ofTenant], { story }) => {
      const { guard, key } = await story.withKey({ mode, maxStalenessMs: 10 * minute });
      const other = story.plane.createKey();
      story.plane.updateTenant(ofTenant);
      story.plane.setRotation(key.id, ofKey);
      await story.moment();
      await story.time.advance(minute);
      await guard.verify(other.secret);
      expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", hint: null, source: "local" });
      story.server.goAway(refused);
      await story.time.advance(minute);
      for (let round = 0; round < 3; round++)
        expect(await guard.verify(key.secret)).toMatchObject({ code: "EXPIRED", valid: false });
      // The rule is this key's alone.
      expect(await guard.verify(other.secret)).toMatchObject({ code: "VALID" });
    },
  );

  test("a key that is itself to be warned of is refused where its tenant refuses such keys", async ({ story }) => {
    const { guard, key } = await story.withKey({ mode });
    story.plane.updateTenant({ rotateEveryMs: 2 * minute, rotationOverdue: "REFUSE" });
    story.plane.setRotation(key.id, { rotationOverdue: "WARN" });
    await story.time.advance(2 * minute);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "EXPIRED" });
  });
});
