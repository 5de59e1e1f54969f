import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { StartupError } from "./database/index.js";
import { makeFolder } from "./make-folder.js";

const keyBytes = 32;

/**
 * The key that seals what is kept for retries, signing keys and mails that wait: from `encryption.key` in the data folder, which is made, readable to its
 * owner only, when it is missing.
 *
 * @throws StartupError when the file cannot be used.
 */
export async function readEncryptionKey(dataDir: string): Promise<Buffer> {
  const path = join(dataDir, "encryption.key");
  try {
    makeFolder(resolve(dataDir));
    // wx: of two processes that start at once, one writes and both read the same key.
    await writeFile(path, `${randomBytes(keyBytes).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw new StartupError(
        `The folder ${dataDir} cannot be written (${(error as Error).message}). Make it writable, or name another one with KEYPLANE_DATA_DIR.`,
        { cause: error },
      );
    }
  }
  const text = (await readFile(path, "utf8")).trim();
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new StartupError(
      `The file ${path} is damaged: it must hold 64 hexadecimal digits. Delete it to get a new key; retries of the last ten minutes are then answered without their secrets, mails that wait are lost, and tokens are signed by a new key.`,
    );
  }
  return Buffer.from(text, "hex");
}
