import { describe, expect, test } from "vitest";
import { createGuard } from "./create-guard.js";
import { resolveGuardOptions } from "./guard-options.js";

const needed = { url: "http://keyplane.test", token: "token" };

describe("options", () => {
  test("have the defaults that the documentation names", () => {
    expect(resolveGuardOptions(needed)).toEqual({
      ...needed,
      mode: "lazy",
      maxStalenessMs: 30_000,
      onUnavailable: "deny",
      maxKeys: 100_000,
      timeoutMs: 3_000,
      unknownKeysPerAddress: 60,
      events: "auto",
    });
  });

  test.for([
    ["url", "no address"],
    ["token", ""],
    ["mode", "eager"],
    ["onUnavailable", "allow"],
    ["events", "sockets"],
    ["maxStalenessMs", -1],
    ["maxStalenessMs", 86_400_001],
    ["maxStalenessMs", 1.5],
    ["maxStalenessMs", "30000"],
    ["maxStalenessMs", Number.NaN],
    ["maxKeys", 0],
    ["maxKeys", 10_000_001],
    ["timeoutMs", 0],
    ["tenantId", ""],
    ["tenantId", 7],
    ["snapshotFile", ""],
    ["snapshotFile", {}],
    ["usage", true],
    ["usage", null],
    ["usage", { batchSize: 0 }],
    ["docsUrl", ""],
    ["docsUrl", "/docs"],
    ["docsUrl", "javascript:alert(1)"],
    ["docsUrl", "https://user:secret@docs.test/"],
    ["docsUrl", "https://docs.test/?page"],
    ["docsUrl", "https://docs.test/#page"],
    ["docsUrl", `https://docs.test/${"a".repeat(2_048)}`],
    ["fetch", "fetch"],
    ["maxStaleness", 30],
  ] as const)("%s: %o is a TypeError that names the option", ([option, value]) => {
    expect(() => createGuard({ ...needed, [option]: value })).toThrow(TypeError);
    expect(() => createGuard({ ...needed, [option]: value })).toThrow(option);
  });
});
