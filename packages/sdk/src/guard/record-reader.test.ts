import { expect, test } from "vitest";
import { ChangeLog } from "./change-log.js";
import { Freshness } from "./freshness.js";
import { KeyMemory } from "./key-memory.js";
import { RecordReader } from "./record-reader.js";
import { SteadyClock } from "./steady-clock.js";

const lines = [
  { type: "tenant", id: "ten_a", status: "ACTIVE" },
  { type: "owner", id: "usr_a", tenantId: "ten_a", name: "A", email: "a@example.com", status: "ACTIVE" },
  {
    type: "key",
    id: "key_a",
    tenantId: "ten_a",
    ownerId: "usr_a",
    name: "Key",
    environment: "LIVE",
    secrets: [{ hash: "a".repeat(64), start: "kp_live_aaaa" }],
  },
  { type: "end", keys: 1 },
].map((line) => `${JSON.stringify(line)}\n`);

test("a key is not held without its owner because another answer made room before its line had come", async () => {
  const freshness = new Freshness();
  const memory = new KeyMemory(freshness, 100, () => false);
  const reader = new RecordReader({
    async *download() {
      for (const [index, line] of lines.entries()) {
        if (index === 2) memory.forgetUnused();
        yield line;
      }
    },
    memory,
    changes: new ChangeLog(),
    freshness,
    clock: new SteadyClock(),
    tenantId: undefined,
    onParty: (_, install) => install(),
    onRead: (_, install) => install(),
  });
  await reader.read({ keyIds: ["key_a"] }, {});
  expect(memory.key("key_a")?.owner?.state.name).toBe("A");
});
