import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { createDocsPages } from "./docs-pages.js";
import { landingHtml } from "./landing.js";
import type { Rendered } from "./page-policy.js";
import { passwordPage } from "./password-page.js";
import { signInPage } from "./session/sign-in-page.js";
import { usagePage } from "./usage-page/usage-page.js";

/** The pages for people. */
export interface Pages {
  /** Whether a request for /graphql is a browser that wants the playground, not a query. */
  isForPlayground(request: IncomingMessage): boolean;
  sendPlayground(request: IncomingMessage, response: ServerResponse): void;
  sendLanding(request: IncomingMessage, response: ServerResponse): void;
  sendUsage(request: IncomingMessage, response: ServerResponse): void;
  sendPassword(request: IncomingMessage, response: ServerResponse): void;
  sendSignIn(request: IncomingMessage, response: ServerResponse): void;
  /** A page of the documentation, by its path. @param unknown answers where there is none. */
  sendDocs(path: string, request: IncomingMessage, response: ServerResponse, unknown: () => void): void;
}

const compress = promisify(gzip);

// Everything is in the page itself: nothing is loaded from elsewhere, and nothing is sent elsewhere.
const playgroundPolicy =
  "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:; style-src 'unsafe-inline'; img-src data:; font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const landingPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

export function createPages(deps: { version: string; database: string }): Pages {
  const landing = page(async () => ({ html: landingHtml(deps), policy: landingPolicy }));
  // 9 MB, loaded and compressed when somebody first opens it: a start need not wait for that.
  const playground = page(async () => {
    const { playgroundHtml } = await import("./playground.js");
    return { html: await playgroundHtml(), policy: playgroundPolicy };
  });
  const usage = page(usagePage);
  const docs = createDocsPages();
  const docsPages = new Map<string, ReturnType<typeof page>>();
  return {
    isForPlayground: (request) =>
      request.method === "GET" &&
      (request.headers.accept ?? "").includes("text/html") &&
      // A page that a person opens carries no token. With one it is a program that asks, whatever it accepts.
      request.headers.authorization === undefined,
    sendPlayground: playground,
    sendLanding: landing,
    sendUsage: usage,
    sendPassword: page(passwordPage),
    sendSignIn: page(signInPage),
    sendDocs: (path, request, response, unknown) => {
      docs.find(path).then(
        (found) => {
          if (found === null) return unknown();
          if ("location" in found) return void response.writeHead(307, found).end();
          const send = docsPages.get(path) ?? page(found.render);
          docsPages.set(path, send);
          send(request, response);
        },
        () => response.writeHead(500).end(),
      );
    },
  };
}

function page(render: () => Promise<Rendered>): (request: IncomingMessage, response: ServerResponse) => void {
  let plain: Promise<{ body: string | Buffer; policy: string; type: string }> | undefined;
  let compressed: typeof plain;
  return (request, response) => {
    const zipped = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
    plain ??= render().then(({ html, policy, type = "text/html; charset=utf-8" }) => ({ body: html, policy, type }));
    if (zipped) compressed ??= plain.then(async ({ body, ...rest }) => ({ body: await compress(body), ...rest }));
    (zipped ? compressed : plain)?.then(
      ({ body, policy, type }) => {
        response.writeHead(200, {
          "content-type": type,
          "content-length": Buffer.byteLength(body),
          ...(zipped ? { "content-encoding": "gzip" } : {}),
          "content-security-policy": policy,
          "cache-control": "no-cache",
          "x-content-type-options": "nosniff",
          "x-frame-options": "DENY",
          "referrer-policy": "no-referrer",
          vary: "accept, accept-encoding",
        });
        response.end(request.method === "HEAD" ? undefined : body);
      },
      () => response.writeHead(500).end(),
    );
  };
}
