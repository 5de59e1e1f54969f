import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type FolderLock, lockFolder } from "../../../platform/database/folder-lock.js";

/**
 * Takes the folder of the embedded store for this process. Here and not in the thread, so that a thread that is started again finds
 * it still ours.
 *
 * @throws StartupError when another process has it.
 */
export async function lockStore(dataDir: string): Promise<FolderLock> {
  const folder = join(dataDir, "mongo");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return lockFolder(folder);
}
