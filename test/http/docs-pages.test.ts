import { readdirSync, readFileSync } from "node:fs";
import {
  docsPages,
  docsUrlForError,
  docsUrlForVerdict,
  type ErrorCode,
  errorCodes,
  type VerdictCode,
  verdictCodes,
} from "@keyplane/schema";
import {
  docsUrlForProblem,
  type ProblemCode,
  problemCodes,
} from "../../packages/sdk/src/adapters/core/problem-codes.js";
import { describe, expect, ok, test, type World } from "../testkit/index.js";

const folder = new URL("../../docs/", import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
const paths = files.filter((name) => name.endsWith(".md"));
const pictures = files.filter((name) => name.endsWith(".svg"));

/** The page that an address leads to on a server, wherever the address says that it is. */
async function openPage({ url }: World, docsUrl: string) {
  const { pathname, hash } = new URL(docsUrl, url);
  const response = await fetch(`${url}${pathname}`);
  return { response, html: await response.text(), anchor: hash.slice(1) };
}

describe("the documentation that the server serves", () => {
  test("every verdict code, every error code and every code of the adapters has its place on a page", async ({
    world,
  }) => {
    const addresses = [
      ...Object.keys(verdictCodes).map((code) => docsUrlForVerdict(code as VerdictCode)),
      ...Object.keys(errorCodes).map((code) => docsUrlForError(code as ErrorCode)),
      ...Object.keys(problemCodes).map((code) => docsUrlForProblem(code as ProblemCode, docsPages().url)),
    ];
    for (const address of addresses) {
      expect(new URL(address).pathname).toMatch(/^\/docs\//);
      const { response, html, anchor } = await openPage(world, address);
      expect([address, response.status]).toEqual([address, 200]);
      expect(html).toContain(`id="${anchor}"`);
    }
  });

  test("what a verdict and a refusal name is this server's own page", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const { docsUrl } = await world.verify("nothing");
    const refusal = await admin.key("enableKey", { id: world.missingId("Key") });
    const { docsUrl: ofRefusal } = refusal;
    ok(await admin.key("enableKey", { id: key.id }));
    const port = new URL(world.url).port;
    for (const address of [docsUrl, ofRefusal]) {
      expect(new URL(address)).toMatchObject({ protocol: "http:", pathname: expect.stringMatching(/^\/docs\//) });
      expect(Number(new URL(address).port)).toBeGreaterThan(0);
    }
    expect(Number(port)).toBeGreaterThan(0);
  });

  test("every page is served, and needs nothing from anywhere", async ({ world }) => {
    for (const path of paths) {
      const { response, html } = await openPage(world, `/docs/${path}`);
      expect([path, response.status, response.headers.get("content-type")]).toEqual([
        path,
        200,
        "text/html; charset=utf-8",
      ]);
      const policy = response.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toContain("unsafe");
      expect(html).not.toMatch(/<script|<img(?! src="[\w./-]+\.svg" alt="[^"]{20,}">)|<iframe|\son\w+=/);
      expect(html).not.toMatch(/<link(?! rel="icon" href="data:,")/);
    }
  });

  test("every picture is shown by a page, is served by the server itself, and needs nothing from anywhere", async ({
    world,
  }) => {
    const shown = new Set<string>();
    for (const path of paths) {
      const { html } = await openPage(world, `/docs/${path}`);
      for (const [, src = ""] of html.matchAll(/<img src="([^"]+)"/g))
        shown.add(new URL(src, new URL(`/docs/${path}`, world.url)).pathname);
    }
    expect([...shown].sort()).toEqual(pictures.map((name) => `/docs/${name}`).sort());
    for (const path of shown) {
      const { response, html: svg } = await openPage(world, path);
      expect([path, response.status, response.headers.get("content-type")]).toEqual([path, 200, "image/svg+xml"]);
      expect(response.headers.get("content-security-policy")).toBe("default-src 'none'");
      expect(svg).toMatch(/<title>[^<]{10,}<\/title>/);
      expect(svg).not.toMatch(/<script|<style|<foreignObject|\shref=|\sstyle=|\son\w+=|url\((?!#)/);
    }
  });

  test("no page for users has a diagram that the server would show as its source", () => {
    const drawn = paths.filter((path) => readFileSync(new URL(path, folder), "utf8").includes("```mermaid"));
    expect(drawn.filter((path) => !path.startsWith("internals/"))).toEqual([]);
  });

  test("the picture of a verification has every verdict code, in the order of the checks", () => {
    const svg = readFileSync(new URL("pictures/verification.svg", folder), "utf8");
    const named = [...svg.matchAll(/>([A-Z]{2,}(?:_[A-Z]+)*)<\/text>/g)].map(([, code]) => code);
    expect(named).toEqual([...Object.keys(verdictCodes).filter((code) => code !== "VALID"), "VALID"]);
  });

  test("links between pages lead to pages and headings that are served", async ({ world }) => {
    const pages = new Map<string, string>();
    for (const path of paths) pages.set(`/docs/${path}`, (await openPage(world, `/docs/${path}`)).html);
    const wrong: string[] = [];
    for (const [path, html] of pages) {
      for (const [, href = ""] of html.matchAll(/<a href="([^"]+)"/g)) {
        const target = new URL(href, new URL(path, world.url));
        if (target.origin !== new URL(world.url).origin) continue;
        const isServed = pages.has(target.pathname) || ["/", "/graphql"].includes(target.pathname);
        const isThere = target.hash === "" || pages.get(target.pathname)?.includes(`id="${target.hash.slice(1)}"`);
        if (!isServed || !isThere) wrong.push(`${path}: ${href}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("the beginning leads to the index; what is no page is told as such, also what lies elsewhere", async ({
    world,
  }) => {
    const { status, headers } = await fetch(`${world.url}/docs`, { redirect: "manual" });
    expect([status, headers.get("location")]).toEqual([307, "/docs/README.md"]);
    for (const path of [
      "/docs/none.md",
      "/docs/reference",
      "/docs/..%2fREADME.md",
      "/docs/%2e%2e/package.json",
      "/docs//etc/passwd",
    ]) {
      expect([path, (await fetch(`${world.url}${path}`)).status]).toEqual([path, 404]);
    }
  });
});
