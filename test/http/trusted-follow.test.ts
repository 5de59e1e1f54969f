import { Keyplane, unwrap } from "@keyplane/sdk";
// Not a part of the SDK's face: the very text that it sends.
import { FollowKeyEventsDocument } from "../../packages/sdk/src/_generated/documents.js";
import { EventStream } from "../testkit/event-stream.js";
import { describe, expect, ok, test, type World } from "../testkit/index.js";

const document = String(FollowKeyEventsDocument);

/** Follows twice: with the SDK's document, and with one that means the same and is not trusted. */
async function both(world: World, token: string | null, variables: Record<string, unknown>) {
  return {
    trusted: await EventStream.open(world.url, token, document, variables),
    parsed: await EventStream.open(world.url, token, `${document} `, variables),
  };
}

async function bothBodies(world: World, token: string | null, variables: Record<string, unknown>) {
  const bodyOf = async (query: string) => {
    const response = await fetch(`${world.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    return { status: response.status, text: (await response.text()).replaceAll(/req_\w{24}/g, "req_") };
  };
  return { trusted: await bodyOf(document), parsed: await bodyOf(`${document} `) };
}

describe("the SDK's keyEvents, followed without GraphQL", () => {
  test("tells every message as GraphQL does, to the letter", async ({ world }) => {
    const { tenant, key, owner } = await world.tenantWithKey();
    const { trusted, parsed } = await both(world, world.server.rootToken, { tenantId: tenant.id, after: "" });
    const keyplane = new Keyplane({ url: world.url, token: world.server.rootToken });
    unwrap(await keyplane.keys.disable({ id: key.id, reason: 'a "quoted" reason, é💡' }));
    unwrap(await keyplane.keys.enable({ id: key.id }));
    unwrap(await keyplane.users.disable({ id: owner.id, reason: "left" }));
    unwrap(await keyplane.keys.revoke({ id: key.id, reason: "leaked" }));
    // The place to begin at may differ by what other tests did meanwhile.
    const begun = async (stream: EventStream) => {
      const message = await stream.next();
      return JSON.stringify({ ...message?.data.keyEvents, cursor: "" });
    };
    expect(await begun(trusted)).toBe(await begun(parsed));
    for (const type of ["DISABLED", "ENABLED", "OWNER_DISABLED", "REVOKED"]) {
      const [told, alsoTold] = [await trusted.next(), await parsed.next()];
      expect(told?.data.keyEvents.type).toBe(type);
      expect(JSON.stringify(told)).toBe(JSON.stringify(alsoTold));
    }
    trusted.close();
    parsed.close();
  });

  test("is refused as GraphQL refuses", async ({ world }) => {
    const guest = await world.caller("GUEST");
    for (const variables of [{}, { types: ["NONE"] }, { keyIds: "x".repeat(300) }, { after: 7 }]) {
      const { trusted, parsed } = await bothBodies(world, guest.token, variables);
      expect(trusted, JSON.stringify(variables)).toEqual(parsed);
    }
    const { trusted, parsed } = await bothBodies(world, world.server.rootToken, { types: ["NONE"] });
    expect(trusted).toEqual(parsed);
    const { trusted: anonymous, parsed: alsoAnonymous } = await bothBodies(world, null, {});
    expect(anonymous).toEqual(alsoAnonymous);
  });

  test("ends when its token is revoked, and says so", async ({ world }) => {
    const { admin, tenant } = await world.tenantWithKey();
    const made = ok(await admin.createToken({ name: world.unique(), role: "DEVELOPER", tenantId: tenant.id }));
    const stream = await EventStream.open(world.url, made.secret, document, { tenantId: tenant.id });
    ok(await admin.revokeToken({ id: made.managementToken.id, reason: "over" }));
    expect((await stream.next())?.errors?.[0]?.extensions.code).toBe("UNAUTHENTICATED");
    expect(await stream.next()).toBeNull();
  });
});
