import { hash } from "node:crypto";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text as it can stand in HTML, within an attribute's quotes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}

const style = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { margin: 0; display: grid; place-items: center; min-height: 100vh; background: light-dark(#f4f5f7, #16181d); }
  main { box-sizing: border-box; width: min(26rem, 100%); padding: 2rem; background: light-dark(#fff, #1f232b); border-radius: 12px; }
  h1 { margin: 0 0 1rem; font-size: 1.3rem; }
  label { display: block; margin: 0.8rem 0 0.2rem; }
  input { box-sizing: border-box; width: 100%; padding: 0.55rem; font: inherit; border: 1px solid #8a90a0; border-radius: 6px; }
  button { padding: 0.6rem 1.2rem; margin: 1.2rem 0.6rem 0 0; font: inherit; border: 1px solid #3556d8; border-radius: 6px; background: #3556d8; color: #fff; cursor: pointer; }
  button.quiet { background: transparent; color: inherit; border-color: #8a90a0; }
  ul { padding-left: 1.2rem; } code { font-size: 0.9em; }
  .problem { padding: 0.6rem 0.8rem; border-left: 4px solid #c62828; background: light-dark(#fdecea, #3a1f1f); }
`;

/** A page, and the Content-Security-Policy that fits it. */
export interface Page {
  readonly html: string;
  readonly policy: string;
}

/**
 * A page without scripts and without anything from elsewhere.
 *
 * @param formTargets origins to which the page's form may lead, besides this one: a browser holds a redirect after the form
 * against the policy, too.
 */
export function pageOf(title: string, body: string, formTargets: readonly string[] = []): Page {
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</html>
`;
  const targets = ["'self'", ...formTargets].join(" ");
  const policy = `default-src 'none'; style-src 'sha256-${hash("sha256", style, "base64")}'; base-uri 'none'; frame-ancestors 'none'; form-action ${targets}`;
  return { html, policy };
}
