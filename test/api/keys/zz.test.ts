import { test, expect } from "../../testkit/index.js";
import { DatabaseWatch } from "../../testkit/database-watch.js";
test("x", async ({ world }) => {
  const watch = new DatabaseWatch(world.server);
  const { admin, key, secret } = await world.tenantWithKey();
  await watch.followed(key.id);
  watch.asked.length = 0;
  await admin.verify(secret);
  console.log(watch.asked);
  watch.asked.length = 0;
  await admin.verify(secret);
  expect(watch.asked).toEqual([]);
  watch.stop();
});
