import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { prepareDataFolder } from "./data-folder.js";
import { openOnDisk, type Template } from "./embedded-engine.js";
import type { Engine } from "./engine.js";
import { lockFolder } from "./folder-lock.js";
import { messageOf, StartupError } from "./startup-error.js";
import { untar } from "./untar.js";

/**
 * Opens the embedded database of a data folder and makes it when there is none. The folder stays locked until it is closed.
 *
 * @param template asked for what a new database begins with; null: PGlite builds it, slowly.
 * @param lockFailing told once, and why, when the folder's lock can no longer be kept fresh.
 * @throws StartupError when the folder cannot be used, is in use, or holds a database that does not open.
 */
export async function openDataFolder(
  dataDir: string,
  template: () => Template | null,
  lockFailing?: (reason: string) => void,
): Promise<Engine> {
  const folder = prepareDataFolder(dataDir);
  const lock = await lockFolder(folder, lockFailing);
  try {
    const files = join(folder, "postgres");
    if (!existsSync(files)) await createFiles(files, template());
    const engine = await openOnDisk(files);
    return {
      ...engine,
      close: async () => {
        await engine.close();
        lock.release();
      },
    };
  } catch (cause) {
    lock.release();
    throw new StartupError(
      `The database in ${folder} does not open (${messageOf(cause)}); put a backup in its place, or set KEYPLANE_DATA_DIR to another folder.`,
      { cause },
    );
  }
}

/** Made aside and renamed, so that a start that is interrupted never leaves half a database that looks like a whole one. */
async function createFiles(files: string, template: Template | null): Promise<void> {
  const aside = `${files}.new`;
  rmSync(aside, { recursive: true, force: true });
  if (template) untar(template, aside);
  else await (await openOnDisk(aside)).close();
  renameSync(aside, files);
}
