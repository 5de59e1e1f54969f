import {
  AuthenticationError,
  type Fetch,
  type KeyEventMessage,
  Keyplane,
  RequestError,
  type SessionTokens,
  signIn,
  unwrap,
} from "@keyplane/sdk";
import { createGuard } from "@keyplane/sdk/guard";
import { describe, expect, minute, test, testPassword, type World } from "../testkit/index.js";
import { clientMutation, clientStory } from "../testkit/oauth.js";

/** A program with a client of its own, and how often it asked for a token. */
async function program(world: World, more: { scope?: string; resource?: string } = {}) {
  const story = await clientStory(world, { role: "DEVELOPER", permissions: null });
  const asked: string[] = [];
  const fetch: Fetch = (url, init) => {
    if (url.endsWith("/oauth/token")) asked.push(url);
    return globalThis.fetch(url, init);
  };
  const clientCredentials = { clientId: story.client.id, clientSecret: story.secret ?? "", ...more };
  return { ...story, asked, options: { url: world.url, credentials: { clientCredentials }, fetch } };
}

/** A person who has signed in by the SDK. */
async function person(world: World) {
  const { tenant, key } = await world.tenantWithKey();
  const user = await world.user(tenant.id, { role: "ADMIN" });
  await world.givePassword(user.id);
  const input = { url: world.url, email: user.email, password: testPassword };
  const tokens = unwrap(await signIn(input));
  const kept: SessionTokens[] = [tokens];
  const session = { ...tokens, onRefresh: (next: SessionTokens) => void kept.push(next) };
  return { tenant, user, key, kept, input, keyplane: new Keyplane({ url: world.url, credentials: { session } }) };
}

const next = async (events: AsyncIterator<KeyEventMessage>) => (await events.next()).value as KeyEventMessage;

describe("client credentials", () => {
  test("have a token at the server's own endpoint, once, and another one when it has ended", async ({ world }) => {
    const { client, tenant, asked, options } = await program(world);
    const keyplane = new Keyplane(options);
    const [first, second] = await Promise.all([keyplane.viewer(), keyplane.viewer()]);
    expect(first).toEqual(second);
    expect(first).toMatchObject({ id: client.id, tenantId: tenant.id });
    expect(asked).toHaveLength(1);
    expect((await keyplane.keys.list({ tenantId: tenant.id }).page()).totalCount).toBe(0);
  });

  test("that are wrong are told as such, a foreign resource, and a scope that is of no use", async ({ world }) => {
    const { client, options } = await program(world);
    const clientCredentials = { clientId: client.id, clientSecret: "wrong" };
    await expect(new Keyplane({ ...options, credentials: { clientCredentials } }).viewer()).rejects.toThrow(
      AuthenticationError,
    );
    const { options: elsewhere } = await program(world, { resource: "https://elsewhere.example" });
    await expect(new Keyplane(elsewhere).viewer()).rejects.toThrow(RequestError);
    const { options: useless } = await program(world, { scope: "no:such-permission" });
    await expect(new Keyplane(useless).viewer()).rejects.toThrow("invalid_scope");
  });

  test("end with the client", async ({ world }) => {
    const { admin, client, options } = await program(world);
    const keyplane = new Keyplane(options);
    await keyplane.viewer();
    await clientMutation(admin, "disableOAuthClient", { id: client.id });
    await expect(keyplane.viewer()).rejects.toThrow(AuthenticationError);
  });

  test("are enough for a guard", async ({ world }) => {
    const { tenant, options } = await program(world);
    const owner = await world.user(tenant.id);
    const { key, secret } = await world.key(tenant.id, owner.id);
    const guard = createGuard({ ...options, usage: false });
    try {
      await guard.ready;
      expect(await guard.verify(secret)).toMatchObject({ code: "VALID", key: { id: key.id } });
    } finally {
      await guard.close();
    }
  });
});

describe("a session", () => {
  test("begun with a password works, and is refreshed when its access token has ended", async ({ world }) => {
    const { user, keyplane, kept } = await person(world);
    expect(await keyplane.viewer()).toMatchObject({ userId: user.id });
    world.clock.advance(11 * minute);
    await Promise.all([keyplane.viewer(), keyplane.viewer(), keyplane.viewer()]);
    expect(kept).toHaveLength(2);
    expect(kept[1]?.refreshToken).not.toBe(kept[0]?.refreshToken);
  });

  test("that has ended is told as such", async ({ world }) => {
    const { user, keyplane, kept } = await person(world);
    await world.root.user("disableUser", { id: user.id });
    await expect(keyplane.viewer()).rejects.toThrow(AuthenticationError);
    expect(kept).toHaveLength(1);
  });

  test("lets a stream outlive its access token, without a gap", async ({ world }) => {
    const { tenant, key, keyplane, kept } = await person(world);
    const { nodes } = await keyplane.keyEvents.list({ tenantId: tenant.id }).page();
    const interruptions: unknown[] = [];
    const events = keyplane.keyEvents.follow(
      { tenantId: tenant.id, keyIds: [key.id], after: nodes.at(-1)?.cursor },
      { onInterrupted: (error) => interruptions.push(error) },
    );
    await world.root.key("disableKey", { id: key.id });
    expect(await next(events)).toMatchObject({ type: "DISABLED" });
    world.clock.advance(11 * minute);
    await world.root.key("enableKey", { id: key.id });
    expect(await next(events)).toMatchObject({ type: "ENABLED" });
    await world.root.key("revokeKey", { id: key.id, reason: "over" });
    expect(await next(events)).toMatchObject({ type: "REVOKED" });
    await events.return?.();
    expect(interruptions).toEqual([]);
    expect(kept.length).toBeLessThanOrEqual(2);
  });

  test("with a wrong password is a refusal, which says nothing of the account", async ({ world }) => {
    const { input } = await person(world);
    const wrong = await signIn({ ...input, password: "not the password of anybody" });
    expect(wrong).toMatchObject({ code: "INVALID_CREDENTIALS" });
    expect(await signIn({ ...input, email: "nobody@nowhere.example" })).toMatchObject({ code: "INVALID_CREDENTIALS" });
    expect(() => unwrap(wrong)).toThrow(/./);
  });
});
