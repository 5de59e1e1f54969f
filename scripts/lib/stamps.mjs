import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { cacheFolder, inRoot, root } from "./workspace.mjs";

/**
 * The hash of what files hold and what they are called. Content, not time: a fresh clone, a copy and a checkout of the
 * same commit are the same.
 *
 * @param {string[]} paths files and folders below the root; one that does not exist counts as empty.
 */
export function hashOf(paths) {
  const hash = createHash("sha256");
  for (const file of paths.flatMap((path) => filesBelow(inRoot(path)))) {
    hash.update(`${relative(root, file)}\n`).update(createHash("sha256").update(readFileSync(file)).digest());
  }
  return hash.digest("hex");
}

/** Whether a step was last done with these sources. */
export function isStamped(name, hash) {
  const file = join(cacheFolder, name);
  return existsSync(file) && readFileSync(file, "utf8") === hash;
}

/** Remembers that a step was done. Written aside and renamed, so that nobody reads half a stamp. */
export function stamp(name, hash) {
  mkdirSync(cacheFolder, { recursive: true });
  const file = join(cacheFolder, name);
  writeFileSync(`${file}.${process.pid}`, hash);
  renameSync(`${file}.${process.pid}`, file);
}

/** Every file below a path, in a fixed order. */
export function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(path, entry.name)) : [join(path, entry.name)]));
}
