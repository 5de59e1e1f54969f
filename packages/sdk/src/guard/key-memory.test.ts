import { expect, test } from "vitest";
import { Freshness } from "./freshness.js";
import { hashOfHex } from "./key-hash.js";
import { KeyMemory } from "./key-memory.js";
import { formatRecordLine, type KeyLine, parseRecordLine, type RecordLine } from "./record-lines.js";
import { SavedKey } from "./saved-keys.js";

const reading = { sentAt: 1, epoch: 0 };
const tenant = {
  type: "tenant",
  tenant: { id: "ten_a", status: "ACTIVE", since: null, reason: null, isServerDecided: false },
} as const;
const owner = {
  type: "owner",
  owner: {
    id: "usr_a",
    tenantId: "ten_a",
    name: "A",
    email: "a@example.com",
    externalId: null,
    status: "ACTIVE",
    since: null,
    reason: null,
    isServerDecided: false,
  },
} as const;

function keyLine(id: string, hash: string): KeyLine {
  const secrets = [{ hash, start: "kp_live_aaaa" }];
  const fields = { type: "key", id, tenantId: "ten_a", ownerId: "usr_a", name: "Key", environment: "LIVE", secrets };
  return (parseRecordLine(JSON.stringify(fields)) as Extract<RecordLine, { type: "key" }>).line;
}

function memoryWith(...parties: readonly Extract<RecordLine, { type: "owner" | "tenant" }>[]): KeyMemory {
  const memory = new KeyMemory(new Freshness(), 100, () => false);
  for (const party of parties) memory.installParty(party, reading);
  return memory;
}

function installSaved(memory: KeyMemory, hash: string): void {
  const text = { idAt: () => "key_a", keyAt: () => keyLine("key_a", hash) };
  const saved = new SavedKey(reading, text, 0, 0, 0);
  memory.installSaved(saved);
  memory.installSavedHash(saved, hashOfHex(hash));
}

test("the owner of a saved key that nobody has read yet is not forgotten as one without a key", () => {
  const memory = memoryWith(tenant, owner);
  const hash = "a".repeat(64);
  installSaved(memory, hash);
  memory.forgetUnused();
  expect(memory.find(hashOfHex(hash))?.key.owner?.state.id).toBe("usr_a");
});

test("owners and tenants without a key are forgotten", () => {
  const memory = memoryWith(tenant, owner);
  memory.forgetUnused();
  expect([memory.owner("usr_a"), memory.tenant("ten_a")]).toEqual([undefined, undefined]);
});

test("a saved key's old secret is none of the key's any more once a later answer has come without it", () => {
  const memory = memoryWith(tenant, owner);
  const [old, current] = ["a".repeat(64), "b".repeat(64)];
  installSaved(memory, old);
  memory.installKey(keyLine("key_a", current), { sentAt: 2, epoch: 0 });
  expect(memory.find(hashOfHex(old))).toBeUndefined();
  expect(memory.find(hashOfHex(current))?.key.state.id).toBe("key_a");
});

test("a line says the same when it is written and read again", () => {
  const line: RecordLine = { type: "key", line: keyLine("key_a", "c".repeat(64)) };
  expect(parseRecordLine(formatRecordLine(line))).toEqual(line);
});
