import { createHash } from "node:crypto";

/**
 * The Content-Security-Policy of a page that holds all that it needs: only this style and this script may run, requests go to this
 * server alone, and no text can become markup.
 *
 * @param style exactly what stands between the tags of its style; `script` likewise.
 * @param images from where pictures may come, besides an icon of nothing, which keeps the browser from asking for one.
 */
export function pagePolicy(style: string, script: string, images: "" | "'self'" = ""): string {
  return [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    `img-src data: ${images}`.trim(),
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
  /** What it is, if not a page: a picture of one. */
  readonly type?: string;
}
