import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { prepareDataFolder } from "./data-folder.js";

/** Any user without rights. */
const NOBODY = 65534;

describe("the data folder", () => {
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "keyplane-folder-"));
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  test("is made with all that leads to it, for its owner only, and left as it is when it exists", () => {
    const folder = join(parent, "deep", "down");
    expect(prepareDataFolder(folder)).toBe(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    writeFileSync(join(folder, "kept"), "");
    prepareDataFolder(folder);
    expect(readdirSync(folder)).toEqual(["kept"]);
  });

  test.each([
    ["a file", "file"],
    ["below a file", "file/data"],
  ])("that is %s is refused", (_, path) => {
    writeFileSync(join(parent, "file"), "");
    expect(() => prepareDataFolder(join(parent, path))).toThrow(
      /is not a directory, or lies below a file; set KEYPLANE_DATA_DIR to a directory\.$/,
    );
  });

  test("that cannot be written to is refused, with what to do", () => {
    const folder = join(parent, "theirs");
    prepareDataFolder(folder);
    const refused = (): unknown =>
      expect(() => prepareDataFolder(folder)).toThrow(
        `The data folder ${folder} is not writable for this user; change its`,
      );
    asSomeoneElse(folder, refused);
  });
});

/** Rights do not bind root, so root becomes someone else for a moment; anyone else takes the right from the folder. */
function asSomeoneElse(folder: string, work: () => unknown): void {
  const root = process.getuid?.() === 0;
  if (root) process.seteuid?.(NOBODY);
  else chmodSync(folder, 0o500);
  try {
    work();
  } finally {
    if (root) process.seteuid?.(0);
    else chmodSync(folder, 0o700);
  }
}
