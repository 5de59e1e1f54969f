import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { docsUrlForError, docsUrlForVerdict, type ErrorCode, errorCodes, verdictCodes } from "@keyplane/schema";
import { describe, expect, test } from "vitest";
import { root } from "./npm-start.js";

const skipped = new Set(["node_modules", "dist", ".git", ".cache", ".keyplane"]);

function pagesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pagesBelow(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

const withoutCode = (page: string): string =>
  page.replaceAll(/^```[\s\S]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "code");

/** Where links of a page lead: `[text](target)` and `[name]: target`. */
function linksOf(path: string): string[] {
  const page = withoutCode(readFileSync(path, "utf8"));
  const links = [...page.matchAll(/\]\(([^()\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)];
  return links.map(([, inline, reference]) => inline ?? reference ?? "");
}

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(path: string): Set<string> {
  const seen = new Map<string, number>();
  const page = readFileSync(path, "utf8").replaceAll(/^```[\s\S]*?^```$/gm, "");
  const anchors = [...page.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
  return new Set(anchors);
}

/** What is wrong with a link; null when it leads somewhere. */
function problemOf(path: string, link: string): string | null {
  if (/^(?:https?|mailto):/.test(link)) return null; // what others publish is not ours to test
  const [file = "", anchor] = link.split("#");
  const target = file === "" ? path : join(dirname(path), decodeURIComponent(file));
  if (!existsSync(target)) return `${link}: there is no such file`;
  if (anchor === undefined) return null;
  if (statSync(target).isDirectory() || !anchorsOf(target).has(anchor)) return `${link}: there is no such heading`;
  return null;
}

const pages = pagesBelow(root);

describe("the documentation", () => {
  test.each(pages.map((path) => relative(root, path)))("every link of %s leads somewhere", (page) => {
    const path = join(root, page);
    expect(linksOf(path).flatMap((link) => problemOf(path, link) ?? [])).toEqual([]);
  });

  test("every page is linked from its index", () => {
    const index = join(root, "docs/README.md");
    const linked = new Set(linksOf(index).map((link) => join(dirname(index), link)));
    const forgotten = pagesBelow(join(root, "docs")).filter((path) => path !== index && !linked.has(path));
    expect(forgotten.map((path) => relative(root, path))).toEqual([]);
  });

  test("the page that each code's docsUrl names has a heading for it", () => {
    const urls = [
      ...Object.keys(verdictCodes).map((code) => docsUrlForVerdict(code as keyof typeof verdictCodes)),
      ...Object.keys(errorCodes).map((code) => docsUrlForError(code as ErrorCode)),
    ];
    const missing = urls.filter((url) => {
      const [file = "", anchor = ""] = url.replace(/^.*\/(?=docs\/)/, "").split("#");
      return !anchorsOf(join(root, file)).has(anchor);
    });
    expect(missing).toEqual([]);
  });
});
