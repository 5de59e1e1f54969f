import { generateKey } from "@keyplane/schema";
import { afterEach } from "vitest";
import { DatabaseWatch } from "../../testkit/database-watch.js";
import { describe, expect, ok, test, type World } from "../../testkit/index.js";

let watch: DatabaseWatch | undefined;
afterEach(() => watch?.stop());

/** A key that no verification has seen, its administrator's token known, and the database watched. */
async function begin(world: World) {
  watch = new DatabaseWatch(world.server);
  const story = await world.tenantWithKey();
  await watch.followed(story.key.id);
  await story.admin.query("{ viewer { id } }");
  watch.asked.length = 0;
  return { ...story, watch };
}

const unknownKey = () => generateKey({ prefix: "kp", environment: "LIVE" }).secret;
const readsOfOneKey = [
  { model: null, operation: "$queryRaw" },
  { model: "Key", operation: "findFirst" },
  { model: "Tenant", operation: "findFirst" },
  { model: "User", operation: "findMany" },
];

function sorted(watch: DatabaseWatch) {
  return watch.asked.toSorted((a, b) => `${a.model ?? ""}`.localeCompare(`${b.model ?? ""}`));
}

describe("verifyKey and the database", () => {
  test("a key that was seen costs no query, whatever is asked of it", async ({ world }) => {
    const { admin, secret, watch } = await begin(world);
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    expect(watch.asked.length).toBeGreaterThan(0);
    watch.asked.length = 0;
    const requests = [
      {},
      { scopes: ["missing"] },
      { environment: "TEST" },
      { ip: "203.0.113.7", cost: 5, tags: ["a"] },
    ];
    for (const request of requests) await admin.verify(secret, request);
    await Promise.all(Array.from({ length: 20 }, () => admin.verify(secret)));
    expect(watch.asked).toEqual([]);
  });

  test("a refused key costs no more: expired, superseded, revoked, of a disabled owner", async ({ world }) => {
    const { admin, owner, key, secret, watch } = await begin(world);
    const { secret: second } = ok(await admin.keySecret("rotateKey", { id: key.id }));
    ok(await admin.user("disableUser", { id: owner.id }));
    ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
    await watch.followed(key.id, "REVOKED");
    const verify = async () => [(await admin.verify(secret)).code, (await admin.verify(second)).code];
    expect(await verify()).toEqual(["REVOKED", "REVOKED"]);
    watch.asked.length = 0;
    expect(await verify()).toEqual(["REVOKED", "REVOKED"]);
    expect(watch.asked).toEqual([]);
  });

  test("however many present an unseen key at once, it is read once", async ({ world }) => {
    const { admin, secret, watch } = await begin(world);
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => admin.verify(secret)));
    for (const verdict of verdicts) expect(verdict).toMatchObject({ valid: true });
    // The administrator's token has shown the tenant already.
    expect(sorted(watch)).toEqual(readsOfOneKey.filter(({ model }) => model !== "Tenant"));
  });

  test("a malformed or mistyped key costs no query at all", async ({ world }) => {
    const { admin, secret, watch } = await begin(world);
    for (const text of [
      "",
      "hello",
      ` ${secret}`,
      secret.slice(0, -1),
      `${secret.slice(0, -1)}!`,
      "x".repeat(100_000),
    ]) {
      expect(await admin.verify(text)).toMatchObject({ valid: false });
    }
    expect(watch.asked).toEqual([]);
  });

  test("an unknown key is read once, at whatever rate it is tried, and after a minute again", async ({ world }) => {
    const { admin, watch } = await begin(world);
    const key = unknownKey();
    await Promise.all(Array.from({ length: 20 }, () => admin.verify(key)));
    expect(watch.asked).toEqual([{ model: null, operation: "$queryRaw" }]);
    world.clock.advance(59_999);
    expect(await admin.verify(key)).toMatchObject({ code: "NOT_FOUND" });
    expect(watch.asked).toHaveLength(1);
    world.clock.advance(1);
    await admin.verify(key);
    expect(watch.asked).toHaveLength(2);
  });

  test("another tenant's key is read once, like an unknown one", async ({ world }) => {
    const { admin, watch } = await begin(world);
    const theirs = await world.tenantWithKey();
    await watch.followed(theirs.key.id);
    await admin.verify(theirs.secret);
    watch.asked.length = 0;
    expect(await admin.verify(theirs.secret)).toMatchObject({ code: "NOT_FOUND" });
    expect(watch.asked).toEqual([]);
  });

  test("a flood of unknown keys leaves known ones in memory", async ({ world }) => {
    const { admin, secret, watch } = await begin(world);
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    await Promise.all(Array.from({ length: 100 }, () => admin.verify(unknownKey())));
    watch.asked.length = 0;
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    expect(watch.asked).toEqual([]);
  });

  test("a changed key is read again once, and of it only what changed", async ({ world }) => {
    const { admin, owner, key, secret, watch } = await begin(world);
    await admin.verify(secret);
    ok(await admin.key("updateKey", { id: key.id, name: "New" }));
    await watch.followed(key.id, "UPDATED");
    watch.asked.length = 0;
    await admin.verify(secret);
    await admin.verify(secret);
    expect(watch.asked).toEqual([{ model: "Key", operation: "findFirst" }]);
    ok(await admin.user("updateUser", { id: owner.id, name: "New" }));
    await admin.verify(secret);
    expect(await admin.verify(secret)).toMatchObject({ valid: true, owner: { name: "New" } });
  });
});
