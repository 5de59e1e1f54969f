import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readUseFile, UseFile } from "./use-file.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keyplane-use-file-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("what is used in one turn is written together, before anybody is answered; the last counts", async () => {
  const path = join(folder, "used");
  const file = new UseFile(path);
  const leases = Array.from({ length: 300 }, (_, index) => index.toString(16).padStart(32, "0"));
  const slots = leases.map((lease) => file.begin(lease));
  const used = (): number[] => [...readUseFile(path).values()];
  expect(used()).toEqual(leases.map(() => 0));
  for (const [index, use] of [
    [299, 300],
    [7, 3],
    [0, 1],
    [7, 8],
  ] as const)
    file.use(slots[index] ?? -1, use);
  expect(used()).toEqual(leases.map(() => 0));
  await file.written;
  expect(used()).toEqual(leases.map((_, index) => ([0, 7, 299].includes(index) ? index + 1 : 0)));
  expect(file.written).toBeNull();
  // Closed in the same turn, it loses nothing.
  file.use(slots[1] ?? -1, 5);
  file.close();
  expect(used()[1]).toBe(5);
});

test("what was written outlives kill -9", () => {
  const path = join(folder, "used");
  const lease = "0123456789abcdef".repeat(2);
  const script = `const { UseFile } = await import(${JSON.stringify(new URL("use-file.ts", import.meta.url).href)});
    const file = new UseFile(${JSON.stringify(path)});
    file.use(file.begin("${lease}"), 7);
    await file.written;
    process.kill(process.pid, "SIGKILL");`;
  const { signal } = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script]);
  expect(signal).toBe("SIGKILL");
  expect([...readUseFile(path)]).toEqual([[lease, 7]]);
});
