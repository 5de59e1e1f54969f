import { readFile } from "node:fs/promises";

// `src/` and the compiled `dist/` lie equally deep, so that one path serves both.
const file = new URL("../../../src/http/session/page-session.mjs", import.meta.url);

/** The script of `page-session.mjs` as a part of a page's own: it declares `createPageSession`. */
export async function pageSessionScript(): Promise<string> {
  // With the line ends that a browser makes of any others before it compares hashes.
  return (await readFile(file, "utf8")).replaceAll("\r\n", "\n").replaceAll(/^export (?=function)/gm, "");
}
