import { resolveRecordOptions } from "../usage/record-options.js";
import type { KeyplaneOptions, RequestOptions, ResolvedOptions } from "./options.js";

/** The longest delay that timers take; they would fire at once for a longer one. */
const maxTimeoutMs = 2_147_483_647;
const maxMaxRetries = 10;

/**
 * Checks options and completes them with the defaults.
 *
 * @throws TypeError that names the option, what it got and what it wants; never the token.
 */
export function resolveOptions(options: KeyplaneOptions): ResolvedOptions {
  const { token, fetch, timeoutMs = 10_000, maxRetries = 2, headers = {} } = options;
  if (fetch !== undefined && typeof fetch !== "function") throw new TypeError("fetch must be a function.");
  if (fetch === undefined && typeof globalThis.fetch !== "function") {
    throw new TypeError("This runtime has no global fetch. Pass one as the option fetch.");
  }
  checkLimits({ timeoutMs, maxRetries });
  if (typeof token !== "function") checkToken(token);
  return {
    url: endpointOf(options.url),
    token: typeof token === "function" ? token : () => token,
    // The global one is looked up with every call, because tools that observe or fake requests replace it.
    fetch: fetch ?? ((url, init) => globalThis.fetch(url, init)),
    timeoutMs,
    maxRetries,
    headers: lowerCased(headers),
    usage: resolveRecordOptions(options.usage),
  };
}

/** The client's options with those of one call. @throws TypeError as {@link resolveOptions} does. */
export function withCallOptions(options: ResolvedOptions, call: RequestOptions): ResolvedOptions {
  const { timeoutMs = options.timeoutMs, maxRetries = options.maxRetries, headers } = call;
  checkLimits({ timeoutMs, maxRetries });
  return {
    ...options,
    timeoutMs,
    maxRetries,
    headers: headers ? { ...options.headers, ...lowerCased(headers) } : options.headers,
  };
}

/**
 * Refuses what cannot be a token. Runtimes quote a header's value when they refuse it, so a token that cannot stand in
 * a header must not get that far.
 */
export function checkToken(token: unknown): asserts token is string {
  if (token === undefined || token === null || token === "") {
    throw new TypeError("token is missing. Pass a management token; check that the variable that holds it is set.");
  }
  if (typeof token !== "string") throw new TypeError(`token must be a string, not ${typeof token}.`);
  if (/^bearer\s/i.test(token)) throw new TypeError("token must be the token alone, without Bearer before it.");
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new TypeError("token has white space or another character that no token has. Trim it after reading it.");
  }
}

function endpointOf(url: unknown): string {
  if (typeof url !== "string" || url === "") {
    throw new TypeError("url is missing. Pass the server's address, such as http://localhost:4000.");
  }
  if (!URL.canParse(url))
    throw new TypeError("url is no address. Pass one with its scheme, such as http://localhost:4000.");
  const { protocol, origin, pathname, search, hash, username, password } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:")
    throw new TypeError(`url must begin with http or https, not ${protocol}`);
  if (username !== "" || password !== "")
    throw new TypeError("url must not contain a user or a password. Use the option headers.");
  if (search !== "" || hash !== "") throw new TypeError("url must be the server's address alone, without ? or #.");
  const path = pathname.replace(/\/+$/, "");
  return origin + (path.endsWith("/graphql") ? path : `${path}/graphql`);
}

function checkLimits({ timeoutMs, maxRetries }: { timeoutMs: number; maxRetries: number }): void {
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > maxTimeoutMs) {
    throw new TypeError(
      `timeoutMs must be a whole number of milliseconds from 1 to ${maxTimeoutMs}, not ${timeoutMs}.`,
    );
  }
  if (!Number.isInteger(maxRetries) || maxRetries < 0 || maxRetries > maxMaxRetries) {
    throw new TypeError(`maxRetries must be a whole number from 0 to ${maxMaxRetries}, not ${maxRetries}.`);
  }
}

/** Header names have no case; a record's fields do, and two that differ only in it would be sent as one list. */
function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
