import { createHash } from "node:crypto";

/**
 * The Content-Security-Policy of a page that holds all that it needs: only this style and this script may run, requests go to this
 * server alone, and no text can become markup.
 *
 * @param style exactly what stands between the tags of its style; `script` likewise.
 */
export function pagePolicy(style: string, script: string): string {
  return [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    // An icon of nothing, so that the browser does not ask for one.
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** A page and the Content-Security-Policy that fits it. */
export interface Rendered {
  readonly html: string;
  readonly policy: string;
}
