import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StartupError } from "./database/index.js";
import { readEncryptionKey } from "./encryption-key.js";

describe("the encryption key of a data folder", () => {
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "keyplane-encryption-"));
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  test("is made with its folder, for its owner only, and the same at the next start", async () => {
    const folder = join(parent, "deep", "down");
    const key = await readEncryptionKey(folder);
    expect(key).toHaveLength(32);
    expect(await readEncryptionKey(folder)).toEqual(key);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "encryption.key")).mode & 0o777).toBe(0o600);
  });

  test("is refused with what to do where its folder cannot be made", async ({ skip }) => {
    skip(process.platform !== "linux", "needs /proc");
    writeFileSync(join(parent, "file"), "");
    for (const folder of ["/proc/nope", "/proc/nope/below", join(parent, "file", "below")]) {
      const refusal = await readEncryptionKey(folder).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(StartupError);
      expect(String(refusal)).toContain(`The folder ${folder} cannot be written`);
    }
  });
});
