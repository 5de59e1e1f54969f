import { day, describe, expect, hour, minute, ok, test } from "../../testkit/index.js";

describe("rotateKey with activateOnFirstUse", () => {
  test("both secrets work until the new one is used; only then the old one's overlap begins, once", async ({
    world,
  }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const rotated = ok(await admin.keySecret("rotateKey", { id: key.id, activateOnFirstUse: true, overlapMs: hour }));
    expect(rotated.key).toMatchObject({ id: key.id, start: key.start, rotatedAt: null, previousSecretExpiresAt: null });
    world.clock.advance(30 * day);
    expect((await world.verify(secret)).code).toBe("VALID");
    const before = new Date(world.clock.now()).toISOString();
    const verdicts = await Promise.all(Array.from({ length: 5 }, () => world.verify(rotated.secret)));
    for (const { code } of verdicts) expect(code).toBe("VALID");
    const read = async () =>
      (
        await admin.query("query ($id: ID!) { key(id: $id) { start rotatedAt previousSecretExpiresAt } }", {
          id: key.id,
        })
      ).key;
    await expect.poll(read).toEqual({
      start: verdicts[0].key.start,
      rotatedAt: before,
      previousSecretExpiresAt: world.clock.in(hour),
    });
    world.clock.advance(hour - 1);
    expect([(await world.verify(secret)).code, (await world.verify(rotated.secret)).code]).toEqual(["VALID", "VALID"]);
    world.clock.advance(1);
    expect((await world.verify(secret)).code).toBe("SUPERSEDED");
    expect((await world.verify(rotated.secret)).code).toBe("VALID");
    const document = `query ($id: ID!) { auditLog(filter: { targetId: $id, action: "key.rotated" }) { nodes { actorType actorId } } }`;
    expect((await admin.query(document, { id: key.id })).auditLog.nodes).toEqual([
      { actorType: "system", actorId: "first-use" },
    ]);
  });

  test("a key that is refused because it is overdue works again with the new secret, whose use is its rotation", async ({
    world,
  }) => {
    const policy = { rotateEveryMs: day, rotationOverdue: "REFUSE" };
    const { admin, key, secret } = await world.tenantWithKey({ policy });
    world.clock.advance(2 * day);
    expect((await world.verify(secret)).code).toBe("EXPIRED");
    const rotated = ok(await admin.keySecret("rotateKey", { id: key.id, activateOnFirstUse: true }));
    expect((await world.verify(secret)).code).toBe("EXPIRED");
    expect((await world.verify(rotated.secret)).code).toBe("VALID");
    const read = async () => (await admin.query("query ($id: ID!) { key(id: $id) { rotatedAt } }", { id: key.id })).key;
    await expect.poll(read).toEqual({ rotatedAt: new Date(world.clock.now()).toISOString() });
    expect((await world.verify(secret)).code).toBe("SUPERSEDED");
    world.clock.advance(day);
    expect((await world.verify(rotated.secret)).code).toBe("EXPIRED");
  });

  test.for([
    [null, 0],
    [0, 0],
    [minute, minute],
    [2 * hour, hour],
  ] as const)(
    "a secret that is refused as overdue when the other is first used comes back for as long as the policy says at most: %s ms",
    async ([rotationOverlapMs, expected], { world }) => {
      const policy = { rotateEveryMs: day, rotationOverdue: "REFUSE", rotationOverlapMs };
      const { admin, key, secret } = await world.tenantWithKey({ policy });
      world.clock.advance(hour);
      const waiting = ok(await admin.keySecret("rotateKey", { id: key.id, activateOnFirstUse: true, overlapMs: hour }));
      world.clock.advance(day - hour);
      expect((await world.verify(secret)).code).toBe("EXPIRED");
      // It was made later, and so is not overdue itself.
      expect((await world.verify(waiting.secret)).code).toBe("VALID");
      const document = "query ($id: ID!) { key(id: $id) { previousSecretExpiresAt } }";
      const read = async () => (await admin.query(document, { id: key.id })).key.previousSecretExpiresAt;
      await expect.poll(read).toBe(world.clock.in(expected));
      expect((await world.verify(secret)).code).toBe(expected === 0 ? "SUPERSEDED" : "VALID");
    },
  );

  test("the key tells of the secret that waits, until it is used or discarded, and in lists each of its own", async ({
    world,
  }) => {
    const { admin, tenant, owner, key } = await world.tenantWithKey();
    const other = await world.key(tenant.id, owner.id);
    const read = async () => {
      const { keys } = await admin.query(
        "{ keys(first: 9) { nodes { id pendingSecret { start createdAt overlapMs } } } }",
      );
      return new Map(
        keys.nodes.map(({ id, pendingSecret }: { id: string; pendingSecret: object | null }) => [id, pendingSecret]),
      );
    };
    expect([...(await read()).values()]).toEqual([null, null]);
    const rotate = async (id: string, overlapMs: number) =>
      ok(await admin.keySecret("rotateKey", { id, activateOnFirstUse: true, overlapMs })).secret as string;
    const secrets = [await rotate(key.id, hour), await rotate(other.key.id, 0)];
    const createdAt = world.clock.in(0);
    const startOf = (secret = "") => secret.slice(0, key.start.length);
    const pending = await read();
    expect(pending.get(key.id)).toEqual({ start: startOf(secrets[0]), createdAt, overlapMs: hour });
    expect(pending.get(other.key.id)).toEqual({ start: startOf(secrets[1]), createdAt, overlapMs: 0 });
    await world.verify(secrets[0] ?? "");
    await expect.poll(async () => (await read()).get(key.id)).toBeNull();
    ok(await admin.keySecret("rotateKey", { id: other.key.id }));
    expect((await read()).get(other.key.id)).toBeNull();
  });

  test("the key tells of none that cannot be used: a revoked, deleted or expired one, until that is undone", async ({
    world,
  }) => {
    const { admin, tenant, owner } = await world.tenantWithKey();
    const preparedKey = async (input: Record<string, unknown> = {}) => {
      const { key } = await world.key(tenant.id, owner.id, input);
      return { id: key.id, ...ok(await admin.keySecret("rotateKey", { id: key.id, activateOnFirstUse: true })) };
    };
    const isTold = async (id: string) => {
      const document = "query ($id: ID!) { key(id: $id) { pendingSecret { start } } }";
      return (await admin.query(document, { id })).key.pendingSecret !== null;
    };
    const [revoked, deleted, disabled] = [await preparedKey(), await preparedKey(), await preparedKey()];
    const expiring = await preparedKey({ expiresAt: world.clock.in(hour) });
    for (const { id } of [revoked, deleted, disabled, expiring]) expect(await isTold(id)).toBe(true);

    ok(await admin.key("revokeKey", { id: revoked.id, reason: "lost" }));
    expect(await isTold(revoked.id)).toBe(false);
    ok(await admin.key("deleteKey", { id: deleted.id }));
    expect(await isTold(deleted.id)).toBe(false);
    ok(await admin.key("restoreKey", { id: deleted.id }));
    expect(await isTold(deleted.id)).toBe(true);
    world.clock.advance(hour - 1);
    expect(await isTold(expiring.id)).toBe(true);
    world.clock.advance(1);
    expect(await isTold(expiring.id)).toBe(false);
    ok(await admin.key("updateKey", { id: expiring.id, expiresAt: world.clock.in(hour) }));
    expect(await isTold(expiring.id)).toBe(true);
    expect((await world.verify(expiring.secret)).code).toBe("VALID");
    ok(await admin.key("disableKey", { id: disabled.id }));
    expect(await isTold(disabled.id)).toBe(true);
  });

  test("a refused use of the new secret begins nothing", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const rotated = ok(await admin.keySecret("rotateKey", { id: key.id, activateOnFirstUse: true }));
    ok(await admin.key("disableKey", { id: key.id }));
    expect((await world.verify(rotated.secret)).code).toBe("DISABLED");
    ok(await admin.key("enableKey", { id: key.id }));
    expect((await world.verify(secret)).code).toBe("VALID");
    const where = { keyId: key.id, isPending: true };
    expect(await world.server.keyplane.database.prisma.keySecret.count({ where })).toBe(1);
  });

  test("rotating again discards a secret that nobody has used", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const first = ok(await admin.keySecret("rotateKey", { id: key.id, activateOnFirstUse: true }));
    const second = ok(await admin.keySecret("rotateKey", { id: key.id, activateOnFirstUse: true }));
    expect((await world.verify(first.secret)).code).toBe("SUPERSEDED");
    expect((await world.verify(secret)).code).toBe("VALID");
    const third = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: hour }));
    expect((await world.verify(second.secret)).code).toBe("SUPERSEDED");
    for (const each of [secret, third.secret]) expect((await world.verify(each)).code).toBe("VALID");
  });
});
