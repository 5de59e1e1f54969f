import { readdir, readFile } from "node:fs/promises";
import { Marked, type Tokens } from "marked";
import { pagePolicy, type Rendered } from "./page-policy.js";

/** Where the pages are. `src/` and the compiled `dist/` lie equally deep, so that one path serves both. */
const folder = new URL("../../../../docs/", import.meta.url);
const indexPath = "/docs/README.md";
/** What stands beside the pages and is not served, such as the licence. */
const publishedAt = "https://github.com/keyplane/keyplane/blob/main/";

const style = `
  :root { color-scheme: light dark; }
  body { font: 16px/1.6 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto 6rem; padding: 0 1.25rem; }
  nav { font-size: .9rem; opacity: .85; margin-bottom: 2rem; }
  h1, h2, h3 { line-height: 1.25; margin-top: 2rem; }
  :target { background: #fd03; box-shadow: 0 0 0 .4rem #fd03; border-radius: .2rem; }
  table { border-collapse: collapse; display: block; overflow-x: auto; }
  th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
  code { font-family: ui-monospace, monospace; font-size: .92em; overflow-wrap: anywhere; }
  img { max-width: 100%; height: auto; }
  pre { overflow-x: auto; padding: .75rem 1rem; background: #8881; border-radius: .3rem; }
`;

/** Whether a path is one of the documentation. */
export function isDocsPath(path: string): boolean {
  return path === "/docs" || path.startsWith("/docs/");
}

/** What a path of the documentation leads to. */
type Found = { readonly render: () => Promise<Rendered> } | { readonly location: string } | null;

/**
 * The documentation of this very version, for people without internet: what stands in `docs/`, as HTML at the same paths, so that
 * the pages' own links fit. Only files that were there when the first was asked for are read, whatever a path says.
 */
export function createDocsPages() {
  let known: Promise<ReadonlyMap<string, URL>> | undefined;
  return {
    async find(path: string): Promise<Found> {
      if (path === "/docs" || path === "/docs/") return { location: indexPath };
      known ??= pagesBelow(folder).catch(() => new Map<string, URL>());
      const file = (await known).get(path);
      return file ? { render: async () => renderFile(path, await readFile(file, "utf8")) } : null;
    },
  };
}

function renderFile(path: string, text: string): Rendered {
  // A picture has no style and no script, and so may nothing.
  if (path.endsWith(".svg")) return { html: text, policy: "default-src 'none'", type: "image/svg+xml" };
  return renderDocsPage(path, text);
}

async function pagesBelow(base: URL): Promise<Map<string, URL>> {
  const pages = new Map<string, URL>();
  for (const name of await readdir(base, { recursive: true })) {
    const path = name.replaceAll("\\", "/");
    if (/^[\w./-]+\.(?:md|svg)$/.test(path)) pages.set(`/docs/${path}`, new URL(path, base));
  }
  return pages;
}

/** One page as HTML, with all that it needs and without any script. */
export function renderDocsPage(path: string, markdown: string): Rendered {
  const anchors = new Map<string, number>();
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth, text }: Tokens.Heading) {
        const anchor = anchorOf(text, anchors);
        return `<h${depth} id="${escaped(anchor)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        return `<a href="${escaped(addressOf(path, href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      image({ href, text }: Tokens.Image) {
        return `<img src="${escaped(href)}" alt="${escaped(text)}">`;
      },
      // The pages are ours, but a page needs no markup of its own.
      html({ text }: Tokens.HTML | Tokens.Tag) {
        return /^\s*<!--/.test(text) ? "" : escaped(text);
      },
    },
  });
  const title = /^# (.+)$/m.exec(markdown)?.[1] ?? "Keyplane";
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · Keyplane</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<nav><a href="${indexPath}">Documentation</a> · <a href="/graphql">Playground</a> · <a href="/">This server</a></nav>
<main>
${marked.parse(markdown, { async: false })}</main>
</body>
</html>
`;
  return { html, policy: pagePolicy(style, "", "'self'") };
}

/** As GitHub makes them of a heading's text, because that is what links are written for. */
function anchorOf(heading: string, seen: Map<string, number>): string {
  const slug = heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
  const times = seen.get(slug) ?? 0;
  seen.set(slug, times + 1);
  return times === 0 ? slug : `${slug}-${times}`;
}

/** Links between pages stay; those to other files of the repository lead to where it is published. */
function addressOf(path: string, href: string): string {
  if (/^[a-z]+:/i.test(href) || href.startsWith("#")) return href;
  const target = new URL(href, new URL(path, "https://docs.invalid"));
  if (target.pathname.startsWith("/docs/") && /\.(?:md|svg)$/.test(target.pathname)) return href;
  return `${publishedAt}${target.pathname.slice(1)}${target.hash}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
