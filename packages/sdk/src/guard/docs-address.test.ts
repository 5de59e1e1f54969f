import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPolicy } from "../adapters/core/policy.js";
import { viewOfNode } from "../adapters/core/request-view.js";
import { test as base, describe, expect, vi } from "../test-helpers/guard-story.js";
import { refused } from "../testing/troubles.js";
import type { Guard } from "./guard.js";

const test = base.extend<{ snapshotFile: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the parameter's pattern
  snapshotFile: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), "keyplane-docs-"));
    await use(join(folder, "guard.snapshot"));
    rmSync(folder, { recursive: true, force: true });
  },
});

const url = "http://keyplane.internal:4000";
const publicUrl = "https://keyplane.globex.example";
const publicDocs = `${publicUrl}/docs`;

/** Where the adapters send a caller: with these headers, without any, and with two keys. */
async function typesOf(guard: Guard, key: string): Promise<string[]> {
  const policy = createPolicy<[]>(guard, { scopes: ["missing"] });
  const types: string[] = [];
  const calls = [{ "x-api-key": key }, {}, { "x-api-key": key, authorization: "Bearer other" }];
  for (const headers of calls) {
    const { problem } = await policy.admit(viewOfNode({ headers }), undefined, []);
    types.push(JSON.parse(problem?.body ?? "{}").type);
  }
  return types;
}

const typesBelow = (docs: string) => [
  `${docs}/reference/verdict-codes.md#insufficient_scope`,
  `${docs}/sdk/adapters.md#key_missing`,
  `${docs}/sdk/adapters.md#key_ambiguous`,
];

describe("the pages that a guard leads to", () => {
  test.for(["stream", "polling"] as const)(
    "are below the server's public address, by %s",
    async (events, { story }) => {
      story.publicUrl = publicUrl;
      const { guard } = await story.follow({ url, events });
      expect(guard.docsUrl).toBe(publicDocs);
    },
  );

  test("are there in every verdict that is made here, and in every problem of the adapters", async ({ story }) => {
    story.publicUrl = publicUrl;
    const { guard, key } = await story.withKey({ url }, { scopes: ["a"] });
    const closed = vi.fn();
    guard.bind(key.id, closed);
    const valid = `${publicDocs}/reference/verdict-codes.md#valid`;
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "local", docsUrl: valid });
    expect(await guard.verify(key.secret)).toMatchObject({ docsUrl: valid });
    expect(await guard.verify("nothing")).toMatchObject({
      docsUrl: `${publicDocs}/reference/verdict-codes.md#malformed`,
    });
    expect(await typesOf(guard, key.secret)).toEqual(typesBelow(publicDocs));
    story.plane.revokeKey(key.id);
    await story.moment();
    expect(closed.mock.calls).toMatchObject([[{ docsUrl: `${publicDocs}/reference/verdict-codes.md#revoked` }]]);
    story.server.goAway(refused);
    await story.time.advance(40_000);
    const unknown = story.plane.createKey().secret;
    expect(await guard.verify(unknown)).toMatchObject({
      code: "UNAVAILABLE",
      docsUrl: `${publicDocs}/reference/error-codes.md#unavailable`,
    });
  });

  test("are learned from an answer about keys, too, which may come before the first of the events", async ({
    story,
  }) => {
    story.publicUrl = publicUrl;
    story.server.troubles = { streams: () => new Promise(() => undefined) };
    const { guard } = await story.withKey({ url, events: "stream" });
    expect([guard.status().connected, guard.docsUrl]).toEqual([null, publicDocs]);
  });

  test("move with the server's address, also of what was decided before", async ({ story }) => {
    const { guard, key } = await story.withKey({ url, events: "polling" });
    expect(await guard.verify(key.secret)).toMatchObject({ docsUrl: `${url}/docs/reference/verdict-codes.md#valid` });
    story.publicUrl = publicUrl;
    await story.time.advance(25_000);
    expect(await guard.verify(key.secret)).toMatchObject({
      source: "local",
      docsUrl: `${publicDocs}/reference/verdict-codes.md#valid`,
    });
    story.publicUrl = undefined;
    await story.time.advance(25_000);
    expect(guard.docsUrl).toBe(publicDocs);
  });

  test("are below the url where the server is older and tells no other address", async ({ story }) => {
    const { guard, key } = await story.withKey({ url });
    expect(guard.docsUrl).toBe(`${url}/docs`);
    expect(await guard.verify(key.secret)).toMatchObject({ docsUrl: `${url}/docs/reference/verdict-codes.md#valid` });
    expect(await typesOf(guard, key.secret)).toEqual(typesBelow(`${url}/docs`));
  });

  test("are where the option says, whatever the server says", async ({ story }) => {
    story.publicUrl = publicUrl;
    const docsUrl = "https://docs.initech.example/keys";
    const { guard, key } = await story.withKey({ url, docsUrl: `${docsUrl}/` });
    expect(await guard.verify(key.secret)).toMatchObject({ docsUrl: `${docsUrl}/reference/verdict-codes.md#valid` });
    expect(await typesOf(guard, key.secret)).toEqual(typesBelow(docsUrl));
  });

  test("are each guard's own, where one process follows several servers", async ({ story }) => {
    story.publicUrl = publicUrl;
    const { guard } = await story.follow({ url });
    story.publicUrl = "https://keyplane.initech.example";
    const { guard: other } = await story.follow({ url: "http://initech.internal" });
    expect([guard.docsUrl, other.docsUrl]).toEqual([publicDocs, "https://keyplane.initech.example/docs"]);
  });

  test.for([
    ["another scheme", "ftp://keyplane.globex.example"],
    ["a path", "https://keyplane.globex.example/path"],
    ["a user", "https://user:secret@keyplane.globex.example"],
    ["no scheme", "keyplane.globex.example"],
    ["512 characters and more", `https://${"a.".repeat(300)}example`],
    ["nothing", ""],
  ] as const)("are not below what is no server's address: %s", async ([, told], { story }) => {
    story.publicUrl = told;
    const { guard } = await story.follow({ url });
    expect(guard.docsUrl).toBe(`${url}/docs`);
  });

  test("are not below what a refusal says, which may be of a proxy", async ({ story }) => {
    story.publicUrl = "https://proxy.example";
    story.server.goAway(async () => ({ status: 502, headers: { get: () => null }, text: async () => "Bad gateway" }));
    const { guard } = await story.follow({ url });
    expect(guard.docsUrl).toBe(`${url}/docs`);
  });

  test("are known again after a restart without a network", async ({ story, snapshotFile }) => {
    story.publicUrl = publicUrl;
    const { guard: first, key } = await story.withKey({ url, snapshotFile });
    await first.close();
    story.server.goAway(refused);
    const { guard } = story.start({ url, snapshotFile, usage: false });
    await story.restored(guard);
    expect(await guard.verify(key.secret)).toMatchObject({
      code: "VALID",
      docsUrl: `${publicDocs}/reference/verdict-codes.md#valid`,
    });
    expect(await typesOf(guard, key.secret)).toEqual(typesBelow(publicDocs));
  });

  test.for([
    ["has none, as of an older guard", (line: string) => line.replace(`,"publicUrl":"${publicUrl}"`, "")],
    ["has another thing there", (line: string) => line.replace(`"${publicUrl}"`, "{}")],
  ] as const)("are below the url after a restart by a file that %s", async ([, spoil], { story, snapshotFile }) => {
    story.publicUrl = publicUrl;
    const { guard: first, key } = await story.withKey({ url, snapshotFile });
    await first.close();
    const text = readFileSync(snapshotFile, "utf8");
    expect(spoil(text)).not.toBe(text);
    writeFileSync(snapshotFile, spoil(text));
    story.server.goAway(refused);
    const { guard } = story.start({ url, snapshotFile, usage: false });
    await story.restored(guard);
    const verdict = await guard.verify(key.secret);
    expect(verdict).toMatchObject({ code: "VALID", docsUrl: `${url}/docs/reference/verdict-codes.md#valid` });
  });
});
