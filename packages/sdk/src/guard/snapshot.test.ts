import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Fetch } from "../client/options.js";
import type { Credentials } from "../credentials/credentials.js";
import { test as base, describe, expect, type GuardStory, vi } from "../test-helpers/guard-story.js";
import { heldBack, refused } from "../testing/troubles.js";
import { createGuard } from "./create-guard.js";
import type { GuardOptions } from "./guard-options.js";

const test = base.extend<{ snapshotFile: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the parameter's pattern
  snapshotFile: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), "keyplane-guard-"));
    await use(join(folder, "guard.snapshot"));
    rmSync(folder, { recursive: true, force: true });
  },
});

const modes = ["lazy", "full"] as const;

/** A process that has seen a key and has ended. */
async function ended(story: GuardStory, options: Partial<GuardOptions>) {
  const { guard, key } = await story.withKey(options, { scopes: ["a"] });
  await guard.close();
  return key;
}

/** A guard that starts without a network. */
async function startCut(story: GuardStory, options: Partial<GuardOptions>) {
  story.server.goAway(refused);
  const told = story.start({ usage: false, ...options });
  await story.restored(told.guard);
  return told;
}

describe.each(modes)("a snapshot, in the mode %s", (mode) => {
  test("lets a restart without network know what was valid, for as long as the bound allows", async ({
    story,
    snapshotFile,
  }) => {
    const key = await ended(story, { mode, snapshotFile });
    await story.time.advance(10_000);
    const { guard } = await startCut(story, { mode, snapshotFile });
    const verdict = await guard.verify(key.secret, { scopes: ["a"] });
    expect(verdict).toMatchObject({ code: "VALID", source: "local", key: { id: key.id } });
    expect(verdict.ageMs).toBeGreaterThanOrEqual(10_000);
    expect(guard.status()).toMatchObject({ state: "starting", keys: 1, complete: mode === "full" });
    await story.time.advance(20_500);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE", source: "stale" });
  });

  test("answers each of many who ask while it is being read about their own key", async ({ story, snapshotFile }) => {
    const key = await ended(story, { mode, snapshotFile });
    const { guard } = await startCut(story, { mode, snapshotFile });
    const unknown = story.plane.createKey().secret;
    const asked = [key.secret, unknown, key.secret, "no key", unknown].map((each) => guard.verify(each));
    const codes = (await Promise.all(asked)).map(({ code }) => code);
    const ofUnknown = mode === "full" ? "NOT_FOUND" : "UNAVAILABLE";
    expect(codes).toEqual(["VALID", ofUnknown, "VALID", "MALFORMED", ofUnknown]);
  });

  test("is too old after a long downtime: UNAVAILABLE, or stale with allow-known", async ({ story, snapshotFile }) => {
    const key = await ended(story, { mode, snapshotFile });
    await story.time.advance(3_600_000);
    const { guard } = await startCut(story, { mode, snapshotFile });
    expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE" });
    const { guard: lenient } = await startCut(story, { mode, snapshotFile, onUnavailable: "allow-known" });
    expect(await lenient.verify(key.secret)).toMatchObject({ code: "VALID", source: "stale" });
  });

  test("says nothing of its age when the clock was set back meanwhile", async ({ story, snapshotFile }) => {
    const key = await ended(story, { mode, snapshotFile });
    story.time.jump(-60_000);
    const { guard } = await startCut(story, { mode, snapshotFile });
    expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE", ageMs: Number.POSITIVE_INFINITY });
  });

  test("is gone on from: what happened during the downtime is known before it is trusted again", async ({
    story,
    snapshotFile,
  }) => {
    const key = await ended(story, { mode, snapshotFile });
    const kept = story.plane.createKey();
    story.plane.revokeKey(key.id, "leaked");
    await story.time.advance(60_000);
    const { guard, revocations } = await story.follow({ mode, snapshotFile });
    expect(revocations).toMatchObject([{ type: "REVOKED", keyId: key.id, reason: "leaked" }]);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "REVOKED", source: "local" });
    expect(await guard.verify(kept.secret)).toMatchObject({ code: "VALID" });
  });

  test("that is older than the log is replaced by what the server says", async ({ story, snapshotFile }) => {
    const key = await ended(story, { mode, snapshotFile });
    story.plane.revokeKey(key.id);
    story.server.forget();
    const { guard } = await story.follow({ mode, snapshotFile });
    await story.time.advance(31_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "REVOKED" });
  });

  test("does not hold what an event has changed and nobody has read again", async ({ story, snapshotFile }) => {
    const { guard, key } = await story.withKey({ mode, snapshotFile });
    const { trouble, release } = heldBack();
    story.server.troubles = { records: trouble };
    story.plane.rotateKey(key.id);
    await story.moment();
    await guard.close();
    release();
    const { guard: next } = await startCut(story, { mode, snapshotFile, onUnavailable: "allow-known" });
    expect(await next.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE" });
    expect(next.status()).toMatchObject({ keys: 0, complete: false });
  });

  test("does not say that all keys are in it while a new one waits to be read", async ({ story, snapshotFile }) => {
    const { guard, key } = await story.withKey({ mode, snapshotFile });
    const { trouble, release } = heldBack();
    story.server.troubles = { records: trouble };
    const created = story.plane.createKey();
    await story.moment();
    await guard.close();
    release();
    story.server.comeBack();
    const { guard: next } = await story.follow({ mode, snapshotFile });
    expect(await next.verify(created.secret)).toMatchObject({ code: "VALID" });
    expect(await next.verify(key.secret)).toMatchObject({ code: "VALID" });
  });

  test("is left as it is while nobody knows anything newer", async ({ story, snapshotFile }) => {
    await ended(story, { mode, snapshotFile });
    const before = readFileSync(snapshotFile, "utf8");
    const { guard } = await startCut(story, { mode, snapshotFile });
    await story.time.advance(300_000);
    await guard.close();
    expect(readFileSync(snapshotFile, "utf8")).toBe(before);
  });

  test("is not saved in the moment after a gap, when nobody knows what is still true", async ({
    story,
    snapshotFile,
  }) => {
    const { guard, key } = await story.withKey({ mode, snapshotFile });
    story.server.kill();
    story.plane.revokeKey(key.id);
    story.server.forget();
    story.server.troubles = { records: refused };
    await story.time.advance(1_005);
    expect(guard.status().ageMs).toBe(Number.POSITIVE_INFINITY);
    await guard.close();
    story.server.comeBack();
    const { guard: next } = await story.follow({ mode, snapshotFile });
    expect(await next.verify(key.secret)).not.toMatchObject({ code: "VALID" });
  });
});

describe("keys of the file that nobody has presented since the start, in the mode lazy", () => {
  /** More than are read of themselves until the guard follows the server: 200 every 5 ms. */
  const others = 2_500;

  /** A guard that follows the server again and holds two keys of one owner, of whose records it has read none. */
  async function restarted(story: GuardStory, snapshotFile: string) {
    const [ownerId, another] = [story.plane.createUser(), story.plane.createUser()];
    const before = Array.from({ length: others }, () => story.plane.createKey({ ownerId: another }));
    const keys = [1, 2].map(() => story.plane.createKey({ ownerId, scopes: ["a"] }));
    const { guard: first } = await story.follow({ snapshotFile });
    await Promise.all([...before, ...keys].map(({ secret }) => first.verify(secret)));
    await first.close();
    const told = story.start({ snapshotFile });
    await story.restored(told.guard);
    await story.time.advance(50);
    expect(told.guard.status()).toMatchObject({ connected: "stream", keys: others + 2 });
    return { ...told, ownerId, keys };
  }

  test("are read again when something is told of one, and then known as they are", async ({ story, snapshotFile }) => {
    const { guard, keys } = await restarted(story, snapshotFile);
    const [changed, other] = keys as [(typeof keys)[0], (typeof keys)[0]];
    const { records } = story.server.asked;
    story.plane.updateKey(changed.id, { scopes: ["b"] });
    await story.time.advance(2);
    expect(story.server.asked.records).toBe(records + 1);
    expect(await guard.verify(changed.secret, { scopes: ["b"] })).toMatchObject({ code: "VALID", source: "local" });
    expect(await guard.verify(other.secret, { scopes: ["a"] })).toMatchObject({ code: "VALID", source: "local" });
    expect(story.server.asked.records).toBe(records + 1);
  });

  test("are read again when something is told of their owner", async ({ story, snapshotFile }) => {
    const { guard, keys, ownerId } = await restarted(story, snapshotFile);
    const { records } = story.server.asked;
    story.plane.updateUser(ownerId, { name: "Grace" });
    await story.time.advance(2);
    expect(story.server.asked.records).toBe(records + 1);
    for (const { secret } of keys) {
      expect(await guard.verify(secret)).toMatchObject({ code: "VALID", source: "local", owner: { name: "Grace" } });
    }
  });

  test("are refused when something refuses them, and what it was is told", async ({ story, snapshotFile }) => {
    const { guard, keys, revocations } = await restarted(story, snapshotFile);
    const [revoked, other] = keys as [(typeof keys)[0], (typeof keys)[0]];
    story.plane.revokeKey(revoked.id, "leaked");
    await story.time.advance(2);
    expect(revocations).toMatchObject([{ type: "REVOKED", keyId: revoked.id }]);
    expect(await guard.verify(revoked.secret)).toMatchObject({ code: "REVOKED", source: "local" });
    expect(await guard.verify(other.secret)).toMatchObject({ code: "VALID", source: "local" });
  });

  test("are given up when the server does not have them any more", async ({ story, snapshotFile }) => {
    const { guard, keys } = await restarted(story, snapshotFile);
    const [lost] = keys as [(typeof keys)[0]];
    story.plane.tellOf(lost.id, "UPDATED");
    story.plane.loseKey(lost.id);
    await story.time.advance(2);
    expect(guard.status()).toMatchObject({ keys: others + 1 });
    expect(await guard.verify(lost.secret)).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("the file", () => {
  test("never holds a key, and only its user may read it", async ({ story, snapshotFile }) => {
    const key = await ended(story, { snapshotFile });
    const text = readFileSync(snapshotFile, "utf8");
    expect(text).toContain(key.id);
    expect(text).not.toContain(key.secret);
    expect(text).not.toContain("token-of-the-guard");
    expect(statSync(snapshotFile).mode & 0o777).toBe(0o600);
  });

  test("is not written through what somebody has put in its way", async ({ story, snapshotFile }) => {
    const elsewhere = `${snapshotFile}.elsewhere`;
    writeFileSync(elsewhere, "mine", { mode: 0o644 });
    symlinkSync(elsewhere, `${snapshotFile}.new`);
    await ended(story, { snapshotFile });
    expect(readFileSync(elsewhere, "utf8")).toBe("mine");
    expect(statSync(snapshotFile).mode & 0o777).toBe(0o600);
  });

  test("is saved every minute, so that a process that is killed has one, too", async ({ story, snapshotFile }) => {
    const { guard, key } = await story.withKey({ snapshotFile });
    await story.time.advance(60_000);
    await expect.poll(() => readFileSync(snapshotFile, "utf8")).toContain(key.id);
    await guard.close();
  });

  test.for([
    ["another server", { url: "http://other.test" }],
    ["another tenant", { tenantId: "ten_other" }],
  ] as const)("of %s is not taken", async ([, other], { story, snapshotFile }) => {
    await ended(story, { snapshotFile });
    const { guard, errors } = await startCut(story, { snapshotFile, ...other });
    expect(guard.status()).toMatchObject({ keys: 0, cursor: null });
    expect(errors.filter(({ name }) => name !== "ConnectionError")).toEqual([]);
  });

  test.for([
    ["is cut off in a line", (text: string) => text.slice(0, -20)],
    ["is cut off between lines", (text: string) => `${text.trimEnd().split("\n").slice(0, -1).join("\n")}\n`],
    ["is empty", () => ""],
    ["is something else", () => "#!/bin/sh\nrm -rf /\n"],
    ["is other JSON", () => '{"name":"x"}\n'],
    ["is null", () => "null\n"],
    ["is of a later version", (text: string) => text.replace(/"version":\d+/, '"version":1000')],
    ["has no version", (text: string) => text.replace(/"version":\d+,/, "")],
    ["has a key without a hash", (text: string) => text.replace('"hash":', '"hush":')],
    ["has a hash that is none", (text: string) => text.replace(/"hash":"../, '"hash":"zz')],
    ["has no cursor", (text: string) => text.replace('"cursor":', '"curser":')],
  ] as const)("that %s is told as an error, and nothing of it is taken", async ([, spoil], { story, snapshotFile }) => {
    const key = await ended(story, { snapshotFile });
    writeFileSync(snapshotFile, spoil(readFileSync(snapshotFile, "utf8")));
    const { guard, errors } = await startCut(story, { snapshotFile, onUnavailable: "allow-known" });
    expect(guard.status()).toMatchObject({ keys: 0, cursor: null });
    expect(errors.filter(({ name }) => name !== "ConnectionError")).toHaveLength(1);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE" });
    story.server.comeBack();
    await story.time.advance(40_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID" });
  });

  test.for(modes)(
    "of the version before is not taken, and nothing is told as an error: it lacks what keys say of overdue rotations, in the mode %s",
    async (mode, { story, snapshotFile }) => {
      const { guard: first, key } = await story.withKey({ mode, snapshotFile });
      story.plane.setRotation(key.id, { rotateEveryMs: 60_000, rotationOverdue: "REFUSE" });
      await story.moment();
      await first.close();
      const saved = readFileSync(snapshotFile, "utf8");
      expect(saved).toContain('"rotationOverdue":"REFUSE"');
      const [header = "", ...lines] = saved.split("\n");
      const before = lines.join("\n").replace(',"rotationOverdue":"REFUSE"', "");
      const ofBefore = { ...JSON.parse(header), version: 1, checksum: crc32(before) };
      writeFileSync(snapshotFile, `${JSON.stringify(ofBefore)}\n${before}`);

      const { guard, errors } = story.start({ mode, snapshotFile });
      await story.restored(guard);
      await story.time.advance(61_000);
      expect(await guard.verify(key.secret)).toMatchObject({ code: "EXPIRED" });
      expect(errors).toEqual([]);
      await guard.close();
      // From then on there is a whole one.
      const { guard: next } = await startCut(story, { mode, snapshotFile });
      expect(await next.verify(key.secret)).toMatchObject({ code: "EXPIRED", source: "local" });
    },
  );

  test("that cannot be written is told as an error, and close succeeds", async ({ story, snapshotFile }) => {
    const { guard, errors } = await story.withKey({ snapshotFile: join(snapshotFile, "in-no-folder") });
    await guard.close();
    expect(errors).toMatchObject([{ code: "ENOENT" }]);
  });

  test("is not waited for by a guard that is closed at once, which leaves nothing open", async ({
    story,
    snapshotFile,
  }) => {
    await ended(story, { snapshotFile });
    const { streams } = story.server.asked;
    const { guard } = story.start({ snapshotFile, usage: false });
    await guard.close();
    await story.restored(guard);
    await story.time.advance(120_000);
    expect(story.server.asked.streams).toBe(streams);
    expect(story.server.openStreams).toBe(0);
  });

  test("closes what is bound to a key that it knows to be refused", async ({ story, snapshotFile }) => {
    const { guard: first, key } = await story.withKey({ snapshotFile });
    story.plane.revokeKey(key.id);
    await story.time.advance(6_000);
    await first.close();
    story.server.goAway(refused);
    const { guard } = story.start({ snapshotFile });
    const closed = vi.fn();
    guard.bind(key.id, closed);
    await story.restored(guard);
    expect(closed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "REVOKED" }));
  });
});

test("a snapshot of another token is ignored: it may see other keys, and hears of other events", async ({
  story,
  snapshotFile,
}) => {
  const key = await ended(story, { snapshotFile });
  const { guard } = await startCut(story, { snapshotFile, token: "another-token", onUnavailable: "allow-known" });
  expect(guard.status()).toMatchObject({ keys: 0 });
  expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE" });
});

describe("a snapshot with credentials that are renewed", () => {
  /** What a client's guard is made of: a token endpoint with another token each time, where the network is there. */
  function clientOf(story: GuardStory, clientId: string, isCut = false): Partial<GuardOptions> {
    let issued = 0;
    const fetch: Fetch = async (url, init) => {
      if (!url.endsWith("/oauth/token")) return story.server.fetch(url, init);
      if (isCut) throw new TypeError("fetch failed");
      const body = JSON.stringify({ access_token: `${clientId}-${++issued}`, token_type: "Bearer", expires_in: 300 });
      return { status: 200, headers: new Headers(), text: async () => body };
    };
    return { token: undefined, credentials: { clientCredentials: { clientId, clientSecret: "secret" } }, fetch };
  }

  test("is of use to the same client, without network and so without any token", async ({ story, snapshotFile }) => {
    const key = await ended(story, { ...clientOf(story, "orders"), snapshotFile });
    const { guard } = await startCut(story, { ...clientOf(story, "orders", true), snapshotFile });
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "local" });
    expect(readFileSync(snapshotFile, "utf8")).not.toMatch(/orders-\d|secret"/);
  });

  test.for([
    ["another client", (story: GuardStory) => clientOf(story, "billing", true)],
    ["a token", () => ({})],
  ] as const)("is of no use to %s", async ([, options], { story, snapshotFile }) => {
    const key = await ended(story, { ...clientOf(story, "orders"), snapshotFile });
    const { guard } = await startCut(story, { ...options(story), snapshotFile });
    expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE" });
  });

  test("needs a name of whom it is for, where nothing of it stays", ({ snapshotFile }) => {
    const session = { accessToken: "a", refreshToken: "b", onRefresh: () => undefined };
    const make = (credentials: Credentials) => () =>
      createGuard({ url: "http://keyplane.test", credentials, snapshotFile });
    expect(make({ session })).toThrow("Pass session.id");
    expect(make({ provider: { token: () => "a" } })).toThrow("Pass provider.identity");
  });
});
