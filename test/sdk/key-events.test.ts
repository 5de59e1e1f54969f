import { type KeyEventMessage, Keyplane, PermissionError, unwrap } from "@keyplane/sdk";
import { describe, expect, test, type World } from "../testkit/index.js";

function clientOf(world: World): Keyplane {
  return new Keyplane({ url: world.url, token: world.server.rootToken });
}

async function take(messages: AsyncIterator<KeyEventMessage>, count: number): Promise<KeyEventMessage[]> {
  const taken: KeyEventMessage[] = [];
  while (taken.length < count) {
    const { value, done } = await messages.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

const typesOf = (messages: readonly KeyEventMessage[]): string[] =>
  messages.map((message) => (message.__typename === "KeyEvent" ? message.type : message.code));

describe("keyEvents.follow", () => {
  test("tells what was missed after a cursor, then what happens, each event once", async ({ world }) => {
    const { tenant, key } = await world.tenantWithKey();
    const keyplane = clientOf(world);
    const { nodes } = await keyplane.keyEvents.list({ tenantId: tenant.id }).page();
    const created = nodes.at(-1);
    unwrap(await keyplane.keys.disable({ id: key.id, reason: "pause" }));
    const events = keyplane.keyEvents.follow({ tenantId: tenant.id, after: created?.cursor });
    expect(typesOf(await take(events, 1))).toEqual(["DISABLED"]);
    unwrap(await keyplane.keys.enable({ id: key.id }));
    unwrap(await keyplane.keys.revoke({ id: key.id, reason: "leaked" }));
    const [enabled, revoked] = await take(events, 2);
    expect(enabled).toMatchObject({ type: "ENABLED", keyId: key.id });
    expect(revoked).toMatchObject({ type: "REVOKED", keyId: key.id, reason: "leaked" });
    expect(await events.return?.()).toMatchObject({ done: true });
  });

  test("an empty cursor is answered with the place to begin at", async ({ world }) => {
    const { tenant, key } = await world.tenantWithKey();
    const keyplane = clientOf(world);
    const events = keyplane.keyEvents.follow({ tenantId: tenant.id, types: ["REVOKED"], after: "" });
    expect(typesOf(await take(events, 1))).toEqual(["CURSOR_UNKNOWN"]);
    unwrap(await keyplane.keys.revoke({ id: key.id, reason: "leaked" }));
    expect(typesOf(await take(events, 1))).toEqual(["REVOKED"]);
    await events.return?.();
  });

  test("says why it can never succeed", async ({ world }) => {
    const guest = await world.caller("GUEST");
    const keyplane = new Keyplane({ url: world.url, token: guest.token ?? "" });
    await expect(take(keyplane.keyEvents.follow(), 1)).rejects.toThrow(PermissionError);
  });

  test("ends without a word when its signal aborts", async ({ world }) => {
    const stopping = new AbortController();
    const events = clientOf(world).keyEvents.follow({}, { signal: stopping.signal });
    const next = events.next();
    stopping.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
