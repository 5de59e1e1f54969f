import { holdKey } from "../testkit/hold-key.js";
import { describe, expect, ok, startServer, test, World } from "../testkit/index.js";

describe("another tenant's row", () => {
  test("is neither waited for nor held up by who may not see it", async ({ world, skip }) => {
    if (world.server.database.url === null) skip("the embedded database has one connection: everything waits");
    const server = await startServer();
    try {
      const own = new World(server);
      const [ours, theirs] = [await own.tenantWithKey(), await own.tenantWithKey()];
      const missing = await ours.admin.key("revokeKey", { id: own.missingId("Key"), reason: "x" });
      const release = await holdKey(server, theirs.key.id);
      // Would wait for the end of the transaction, and so for ever.
      expect(await ours.admin.key("revokeKey", { id: theirs.key.id, reason: "x" })).toEqual(missing);
      await release();
      ok(await theirs.admin.key("revokeKey", { id: theirs.key.id, reason: "x" }));
    } finally {
      await server.stop();
    }
  });
});
