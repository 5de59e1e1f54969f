import { generateKey } from "@keyplane/schema";
import { type Caller, day, describe, expect, hour, ok, test } from "../../testkit/index.js";
import { EventFollower } from "../../testkit/key-events.js";
import { findingMutation, findingsOf, policyMutation } from "../../testkit/lifecycle.js";
import { mailsTo } from "../sessions/mailbox.js";

const url = "https://github.com/acme/app/blob/main/.env";

describe("reportLeakedKey", () => {
  test("disables the key at once, as long as the tenant has not said otherwise, and tells why", async ({ world }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    const stream = await EventFollower.open(admin, { keyIds: [key.id] });
    const { finding } = ok(
      await findingMutation(admin, "reportLeakedKey", { key: secret, url, source: "a colleague" }),
    );
    const now = new Date(world.clock.now()).toISOString();
    expect(finding).toEqual({
      id: expect.stringMatching(/^kfn_[0-9A-Za-z]{24}$/),
      tenantId: tenant.id,
      keyId: key.id,
      kind: "LEAKED",
      start: key.start,
      place: url,
      source: "a colleague",
      action: "DISABLED",
      reports: 1,
      firstAt: now,
      lastAt: now,
      resolvedAt: null,
      resolvedBy: null,
      resolution: null,
    });
    expect(await world.verify(secret)).toMatchObject({
      code: "DISABLED",
      message: expect.stringContaining("rotate it with overlapMs: 0 first"),
    });
    expect((await stream.next()).type).toBe("DISABLED");
    expect(await stream.next()).toMatchObject({
      type: "LEAKED",
      userId: owner.id,
      reason: expect.stringContaining(url),
    });
    stream.close();
    const document = `query ($id: ID!) { auditLog(filter: { targetId: $id }) { nodes { action before after } } }`;
    const { nodes } = (await admin.query(document, { id: finding.id })).auditLog;
    expect(nodes).toMatchObject([
      { action: "key_finding.raised", before: null, after: { place: url, action: "DISABLED" } },
    ]);
    expect(JSON.stringify(nodes)).not.toContain(secret);
    await expect.poll(() => mailsTo(world.server, owner.email)[0]?.text).toContain(url);
    expect(mailsTo(world.server, owner.email)[0]?.text).not.toContain(secret);
  });

  test("with NOTIFY changes nothing of the key, with REVOKE ends it", async ({ world }) => {
    const { tenant, admin, owner, secret } = await world.tenantWithKey();
    const other = await world.key(tenant.id, owner.id);
    ok(await policyMutation(admin, { tenantId: tenant.id, leakAction: "NOTIFY" }));
    const told = ok(await findingMutation(admin, "reportLeakedKey", { key: secret })).finding;
    expect(told).toMatchObject({ action: "NONE", place: null, source: null });
    expect((await world.verify(secret)).code).toBe("VALID");
    ok(await policyMutation(admin, { tenantId: tenant.id, leakAction: "REVOKE" }));
    const revoked = ok(await findingMutation(admin, "reportLeakedKey", { key: other.secret, url })).finding;
    expect(revoked.action).toBe("REVOKED");
    expect((await world.verify(other.secret)).code).toBe("REVOKED");
  });

  test("of the same place again only counts; a person who has enabled the key is not overruled", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const { finding } = ok(await findingMutation(admin, "reportLeakedKey", { key: secret, url }));
    ok(await admin.key("enableKey", { id: key.id }));
    ok(await findingMutation(admin, "resolveKeyFinding", { id: finding.id, reason: "a test file" }));
    world.clock.advance(hour);
    const again = ok(await findingMutation(admin, "reportLeakedKey", { key: secret, url })).finding;
    expect(again).toMatchObject({ id: finding.id, reports: 2, lastAt: new Date(world.clock.now()).toISOString() });
    expect((await world.verify(secret)).code).toBe("VALID");
    const elsewhere = ok(await findingMutation(admin, "reportLeakedKey", { key: secret, url: `${url}2` })).finding;
    expect(elsewhere.id).not.toBe(finding.id);
    expect((await world.verify(secret)).code).toBe("DISABLED");
  });

  test("of a secret that works no more leaves the key alone, and the mail and the diagnosis ask for no new one", async ({
    world,
  }) => {
    const { admin, key, owner, secret } = await world.tenantWithKey();
    const rotated = ok(await admin.keySecret("rotateKey", { id: key.id }));
    const { finding } = ok(await findingMutation(admin, "reportLeakedKey", { key: secret, url }));
    expect(finding).toMatchObject({ action: "NONE", start: key.start });
    expect((await world.verify(rotated.secret)).code).toBe("VALID");
    const mail = () => mailsTo(world.server, owner.email).at(-1)?.text;
    await expect.poll(mail).toContain("does not work any more");
    expect(mail()).not.toMatch(/Rotate|goes on working/);
    const told = async () => (await admin.diagnose({ keyId: key.id })).findings;
    expect(await told()).toMatchObject([{ code: "KEY_LEAKED", message: expect.stringContaining("works no more") }]);
    expect((await told())[0].message).not.toContain("Replace it");
    // The present one leaks, too: of that, something has to be done.
    ok(await findingMutation(admin, "reportLeakedKey", { key: rotated.secret, url }));
    expect((await told()).map(({ message }: { message: string }) => message.includes("Replace it")).sort()).toEqual([
      false,
      true,
    ]);
  });

  test.for([
    ["revoked", "does not work any more", (admin, id) => admin.key("revokeKey", { id, reason: "leaked" })],
    ["deleted", "Should you extend or restore the key", (admin, id) => admin.key("deleteKey", { id })],
  ] as readonly [string, string, (admin: Caller, id: string) => Promise<unknown>][])(
    "of a key that is %s already does nothing more, and the mail says what that means",
    async ([, words, end], { world }) => {
      const { admin, key, owner, secret } = await world.tenantWithKey();
      await end(admin, key.id);
      const { finding } = ok(await findingMutation(admin, "reportLeakedKey", { key: secret, url }));
      expect(finding.action).toBe("NONE");
      await expect.poll(() => mailsTo(world.server, owner.email).at(-1)?.text).toContain(words);
      expect(mailsTo(world.server, owner.email).at(-1)?.text).not.toContain("before somebody else uses it");
    },
  );

  test("a key that stands in the address itself is kept nowhere", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const { finding } = ok(
      await findingMutation(admin, "reportLeakedKey", {
        key: secret,
        url: `https://a.example/?key=${secret}`,
        source: secret,
      }),
    );
    expect(finding).toMatchObject({ place: `https://a.example/?key=${key.start}…`, source: `${key.start}…` });
  });

  test("at the same time happens once", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    const reports = await Promise.all(
      Array.from({ length: 5 }, () => findingMutation(admin, "reportLeakedKey", { key: secret, url })),
    );
    expect(new Set(reports.map((each) => ok(each).finding.id)).size).toBe(1);
    expect(await findingsOf(admin)).toMatchObject([{ reports: 5 }]);
  });

  test.for([
    ["quotes", (key) => `"${key}"`],
    ["a scheme", (key) => `Bearer ${key}`],
    ["a whole header", (key) => `Authorization: Bearer ${key}`],
    ["white space", (key) => `\t ${key}  `],
    ["a line break at its end", (key) => `${key}\r\n`],
    ["a line break in it", (key) => `${key.slice(0, 30)}\n${key.slice(30)}`],
    ["a line of settings", (key) => `export API_KEY="${key}" # production`],
    ["a line of a program", (key) => `  return connect("https://api.example.com", { apiKey: '${key}' });`],
    ["the same key twice", (key) => `key: ${key}\nsame: ${key}\n`],
    ["a wrong character", (key) => `${key.slice(0, -1)}${key.endsWith("x") ? "y" : "x"}`],
  ] as readonly [string, (key: string) => string][])(
    "%s around or in the key does not hide it",
    async ([, around], { world }) => {
      const { admin, key, secret } = await world.tenantWithKey();
      const { finding } = ok(await findingMutation(admin, "reportLeakedKey", { key: around(secret), url }));
      expect(finding).toMatchObject({ keyId: key.id, start: key.start, action: "DISABLED" });
      expect((await world.verify(secret)).code).toBe("DISABLED");
      const again = ok(await findingMutation(admin, "reportLeakedKey", { key: secret, url })).finding;
      expect(again).toMatchObject({ id: finding.id, reports: 2 });
    },
  );

  test("a text in which no whole key stands, or more than one, is refused with what to send, and nothing happens", async ({
    world,
  }) => {
    const { tenant, admin, owner, secret } = await world.tenantWithKey();
    const other = await world.key(tenant.id, owner.id);
    const wrong = [
      ["no key", "no whole key"],
      [secret.slice(0, 40), "diagnoseKey"],
      [world.server.rootToken, "no whole key"],
      [`A=${secret}\nB=${other.secret}`, "There are 2 keys"],
    ] as const;
    for (const [key, words] of wrong) {
      const refused = await findingMutation(admin, "reportLeakedKey", { key, url });
      expect(refused).toMatchObject({
        __typename: "InvalidInputError",
        issues: [{ path: ["key"], message: expect.stringContaining(words) }],
      });
      expect(JSON.stringify(refused)).not.toContain(key);
    }
    for (const each of [secret, other.secret]) expect((await world.verify(each)).code).toBe("VALID");
  });

  test("another tenant's key answers as one that there is not; nothing happens to it", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const report = (key: string) => findingMutation(ours.admin, "reportLeakedKey", { key, url });
    const unknown = generateKey({ prefix: "kp", environment: "LIVE" }).secret;
    const nothing = { __typename: "ReportLeakedKeyPayload", finding: null };
    for (const key of [theirs.secret, unknown, `Bearer ${theirs.secret}`, `Bearer ${unknown}`])
      expect(await report(key)).toEqual(nothing);
    expect((await world.verify(theirs.secret)).code).toBe("VALID");
    expect(await findingsOf(theirs.admin)).toEqual([]);
    const person = await world.userCaller(await world.user(ours.tenant.id));
    expect(await findingMutation(person, "reportLeakedKey", { key: ours.secret, url })).toEqual(nothing);
  });

  test.for([
    ["key", { key: "x".repeat(4_097) }],
    ["url", { url: "ftp://example.com" }],
    ["url", { url: `https://example.com/${"x".repeat(2_000)}` }],
    ["source", { source: "x".repeat(101) }],
  ] as const)("an invalid %s is refused with its place", async ([place, wrong], { world }) => {
    const { admin, secret } = await world.tenantWithKey();
    const refused = await findingMutation(admin, "reportLeakedKey", { key: secret, ...wrong });
    expect(refused).toMatchObject({ __typename: "InvalidInputError", issues: [{ path: [place] }] });
    expect((await world.verify(secret)).code).toBe("VALID");
  });

  test("needs the permission keys:report, which a DEVELOPER has and a GUEST has not", async ({ world }) => {
    const { tenant, secret } = await world.tenantWithKey();
    const [developer, guest] = [
      await world.caller("DEVELOPER", { tenantId: tenant.id }),
      await world.caller("GUEST", { tenantId: tenant.id }),
    ];
    expect(await findingMutation(guest, "reportLeakedKey", { key: secret })).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("keys:report"),
    });
    await expect(findingMutation(world.anonymous, "reportLeakedKey", { key: secret })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    ok(await findingMutation(developer, "reportLeakedKey", { key: secret }));
  });

  test("an expired key is told of and stays as it is", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey({ key: { expiresAt: world.clock.in(day) } });
    world.clock.advance(2 * day);
    expect(ok(await findingMutation(admin, "reportLeakedKey", { key: secret })).finding.action).toBe("NONE");
  });
});
