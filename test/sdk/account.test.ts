import { isRefusal, Keyplane, unwrap } from "@keyplane/sdk";
import { tokenFor } from "../api/sessions/mailbox.js";
import { describe, expect, ok, test } from "../testkit/index.js";

describe("the client's account", () => {
  test("takes somebody from an invitation through a session to another password and out", async ({ world }) => {
    const { tenant } = await world.tenant();
    const user = await world.user(tenant.id, { role: "ADMIN" });
    const root = new Keyplane({ url: world.url, token: world.server.rootToken });
    expect(unwrap(await root.account.sendPasswordLink({ userId: user.id })).user.id).toBe(user.id);
    const token = await tokenFor(world.server, user.email);
    const [password, next] = ["seven slow trains to Oslo", "nine quiet boats to Bergen"];
    const weak = await root.account.setPassword({ token, password: "passwordpassword" });
    expect(isRefusal(weak) && weak.__typename === "InvalidInputError" && weak.issues[0]?.path).toEqual(["password"]);
    unwrap(await root.account.setPassword({ token, password }));

    const wrong = await root.account.signIn({ email: user.email, password: next });
    expect(isRefusal(wrong) && wrong.code).toBe("INVALID_CREDENTIALS");
    const signedIn = unwrap(await root.account.signIn({ email: user.email, password, tenant: tenant.slug }));
    const renewed = unwrap(await root.account.refresh({ refreshToken: signedIn.refreshToken }));
    const person = new Keyplane({ url: world.url, token: renewed.accessToken });
    expect((await person.viewer()).id).toBe(signedIn.session.id);
    const sessions = [];
    for await (const session of person.account.sessions()) sessions.push(session);
    expect(sessions).toMatchObject([{ id: signedIn.session.id, isCurrent: true }]);

    const changed = await person.account.changePassword({ currentPassword: password, newPassword: next });
    expect(unwrap(changed).endedSessions).toBe(0);
    expect(unwrap(await person.account.signOut()).session.endedAt).not.toBeNull();
    await expect(person.viewer()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    ok(await world.anonymous.account("signIn", { email: user.email, password: next }));
    expect(unwrap(await root.account.signOutEverywhere({ userId: user.id })).endedSessions).toBe(1);
    expect(unwrap(await root.account.requestPasswordLink({ email: user.email })).accepted).toBe(true);
  });
});
