import { readFile } from "node:fs/promises";
import { type VerdictCode, verdictCodes } from "@keyplane/schema";
import { pagePolicy } from "../page-policy.js";
import { pageSessionScript } from "../session/page-session.js";
import { outcomeLooks } from "./outcome-looks.js";
import { usagePageQueries } from "./queries.js";

/**
 * The script's modules, each after those that it imports. They are plain JavaScript, because neither `tsc` without a bundler nor
 * Node 20 makes one script of several TypeScript files; add a file here.
 */
const scripts = [
  "format",
  "zone-time",
  "dom",
  "server",
  "address",
  "controls",
  "chart",
  "panels",
  "downloads",
  "live",
  "main",
] as const;

/** Where the page's files are. `src/` and the compiled `dist/` lie equally deep, so that one path serves both. */
const folder = new URL("../../../src/http/usage-page/", import.meta.url);

/**
 * The page at `/usage`: everything in one document, so that nothing is loaded from elsewhere. It holds no data; its script asks
 * GraphQL with the token that somebody enters, or of the session of who has signed in; either stays in that browser tab as in the playground.
 *
 * @returns the page, and the Content-Security-Policy that fits it.
 */
export async function usagePage(): Promise<{ html: string; policy: string }> {
  const [template, style, session, ...sources] = await Promise.all([
    read("page.html"),
    read("page.css"),
    pageSessionScript(),
    ...scripts.map((name) => read(`client/${name}.mjs`)),
  ]);
  // Without line feeds around it: the hashes are of exactly what stands between the tags.
  const css = `${style}${colourRules()}`;
  const script = [
    `const page = ${json({ queries: usagePageQueries, outcomes: outcomes() })};`,
    session,
    ...sources.map(joined),
  ];
  const code = script.join("\n");
  return {
    html: template
      .replace("<style></style>", () => `<style>${css}</style>`)
      .replace('<script type="module"></script>', () => `<script type="module">${code}</script>`),
    policy: pagePolicy(css, code),
  };
}

/** One script of several modules: all share one scope, where a name that two of them declare is a syntax error. */
function joined(source: string): string {
  return source.replaceAll(/^import [^;]*;\n/gm, "").replaceAll(/^export (?=const|function|class|async)/gm, "");
}

function outcomes(): object[] {
  return Object.entries(verdictCodes).map(([code, { title, cause, remedy }]) => ({
    code,
    title: code === "VALID" ? "Accepted" : title,
    help: `${cause} ${remedy}`,
    striped: outcomeLooks[code as VerdictCode].striped,
  }));
}

function colourRules(): string {
  const entries = Object.entries(outcomeLooks);
  const colours = (theme: "light" | "dark"): string =>
    entries.map(([code, { colour }]) => `--${code}: ${colour[theme]};`).join("\n");
  const fills = entries.map(([code, { striped }]) =>
    striped
      ? `.fill-${code} { fill: url(#stripes-${code}); }\n.ink-${code} { fill: var(--${code}); }`
      : `.fill-${code} { fill: var(--${code}); }`,
  );
  return `
:root { ${colours("light")} }
@media (prefers-color-scheme: dark) { :root { ${colours("dark")} } }
${fills.join("\n")}
`;
}

/** JSON within a script: `</script>` and `<!--` in it would end or confuse it. */
function json(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/** With the line ends that a browser makes of any others before it compares hashes. */
async function read(name: string): Promise<string> {
  return (await readFile(new URL(name, folder), "utf8")).replaceAll("\r\n", "\n");
}
