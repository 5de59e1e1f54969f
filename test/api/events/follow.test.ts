import { describe, expect, ok, test } from "../../testkit/index.js";
import { EventFollower } from "../../testkit/key-events.js";

describe("the keyEvents subscription", () => {
  test("tells what happens from now on, and nothing that was before", async ({ world }) => {
    const { admin, key, owner, tenant } = await world.tenantWithKey();
    const stream = await EventFollower.open(admin);
    ok(await admin.key("revokeKey", { id: key.id, reason: "left" }));
    expect(await stream.next()).toEqual({
      __typename: "KeyEvent",
      cursor: expect.stringMatching(/^[\w-]+$/),
      type: "REVOKED",
      occurredAt: new Date(world.clock.now()).toISOString(),
      tenantId: tenant.id,
      keyId: key.id,
      userId: owner.id,
      reason: "left",
    });
    stream.close();
  });
});
