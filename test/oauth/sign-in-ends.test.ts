import * as openid from "openid-client";
import { Browser } from "../testkit/browser.js";
import { Caller, describe, expect, ok, test, type World } from "../testkit/index.js";
import { beginFlow, clientStory, discover, passThrough, password, person } from "../testkit/oauth.js";

/** Somebody who has signed in for an OAuth client: a browser that is known, tokens, and a session beside them. */
async function signedInStory(world: World) {
  const { admin, client, secret, tenant } = await clientStory(world);
  const user = await person(world, tenant.id);
  const config = await discover(world, client.id, openid.ClientSecretBasic(secret ?? ""));
  const browser = new Browser();
  const signIn = async (flow: Awaited<ReturnType<typeof beginFlow>>, from: Browser) =>
    openid.authorizationCodeGrant(config, await passThrough(flow, user.email, from), {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
    });
  const tokens = await signIn(await beginFlow(config), browser);
  /** Whether this browser gets a code without a password. */
  const isRemembered = async (): Promise<boolean> => {
    const answer = await browser.follow(await browser.get((await beginFlow(config)).url.href));
    return answer.headers.has("location");
  };
  return { admin, browser, config, isRemembered, signIn, tokens, user };
}

type Story = Awaited<ReturnType<typeof signedInStory>>;

const ways: readonly (readonly [name: string, end: (story: Story, world: World) => Promise<unknown>])[] = [
  [
    "the user changes the password",
    async ({ user }, world) => {
      const { caller } = await world.signIn(user);
      const input = { currentPassword: password, newPassword: "an altogether other lantern, of nine" };
      ok(await caller.account("changePassword", input));
    },
  ],
  ["the user is signed out everywhere", ({ admin, user }) => admin.account("signOutEverywhere", { userId: user.id })],
  [
    "the user is disabled, and enabled again",
    async ({ admin, user }, world) => {
      world.clock.advance(1_000);
      ok(await admin.user("disableUser", { id: user.id }));
      ok(await admin.user("enableUser", { id: user.id }));
    },
  ],
  ["the user is deleted", ({ admin, user }) => admin.user("deleteUser", { id: user.id })],
];

describe("what a sign-in for OAuth clients has led to ends", () => {
  test.for(ways)("when %s: access token, refresh token, and the browser's session", async ([, end], { world }) => {
    const story = await signedInStory(world);
    const { config, isRemembered, tokens } = story;
    const who = () => new Caller(world.url, tokens.access_token).query("{ viewer { id } }");
    expect([await isRemembered(), (await who()).viewer.id]).toEqual([true, story.user.id]);
    await end(story, world);
    await expect(who()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(openid.refreshTokenGrant(config, tokens.refresh_token ?? "")).rejects.toMatchObject({
      error: "invalid_grant",
    });
    expect(await isRemembered()).toBe(false);
  });

  test("and can begin anew; the audit log says why it ended", async ({ world }) => {
    const { admin, browser, config, signIn, user } = await signedInStory(world);
    ok(await admin.account("signOutEverywhere", { userId: user.id }));
    world.clock.advance(1_000);
    ok(await admin.user("disableUser", { id: user.id }));
    ok(await admin.user("enableUser", { id: user.id }));
    const tokens = await signIn(await beginFlow(config), browser);
    const { viewer } = await new Caller(world.url, tokens.access_token).query("{ viewer { id } }");
    expect(viewer.id).toBe(user.id);
    const clientId = config.clientMetadata().client_id;
    const { auditLog } = await admin.query(
      `{ auditLog(filter: { targetId: "${clientId}" }) { nodes { action reason } } }`,
    );
    expect(auditLog.nodes).toContainEqual({
      action: "oauth_grant.revoked",
      reason: "signed out by an administrator",
    });
  });
});
