import { resolveCredentials } from "../credentials/resolve-credentials.js";
import { resolveRecordOptions } from "../usage/record-options.js";
import type { KeyplaneOptions, RequestOptions, ResolvedOptions } from "./options.js";
import { type Runtime, realRuntime } from "./runtime.js";

/** The longest delay that timers take; they would fire at once for a longer one. */
const maxTimeoutMs = 2_147_483_647;
const maxMaxRetries = 10;

/** How to reach a server, whoever asks. */
type Transport = Pick<ResolvedOptions, "url" | "fetch" | "timeoutMs" | "headers">;

/** Checks how a server is reached. @throws TypeError as {@link resolveOptions} does. */
export function resolveTransport(options: Pick<KeyplaneOptions, keyof Transport>): Transport {
  const { fetch, timeoutMs = 10_000, headers = {} } = options;
  if (fetch !== undefined && typeof fetch !== "function") throw new TypeError("fetch must be a function.");
  if (fetch === undefined && typeof globalThis.fetch !== "function") {
    throw new TypeError("This runtime has no global fetch. Pass one as the option fetch.");
  }
  checkLimits({ timeoutMs, maxRetries: 0 });
  return {
    url: endpointOf(options.url),
    // The global one is looked up with every call, because tools that observe or fake requests replace it.
    fetch: fetch ?? ((url, init) => globalThis.fetch(url, init)),
    timeoutMs,
    headers: lowerCased(headers),
  };
}

/**
 * Checks options and completes them with the defaults.
 *
 * @throws TypeError that names the option, what it got and what it wants; never a token or another secret.
 */
export function resolveOptions(options: KeyplaneOptions, runtime: Runtime = realRuntime): ResolvedOptions {
  const { timeoutMs = 10_000, maxRetries = 2 } = options;
  checkLimits({ timeoutMs, maxRetries });
  const transport = resolveTransport(options);
  return {
    ...transport,
    maxRetries,
    credentials: resolveCredentials(options, transport.url, { ...transport, runtime }),
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

function endpointOf(url: unknown): string {
  if (typeof url !== "string" || url === "") {
    throw new TypeError("url is missing. Pass the server's address, such as http://127.0.0.1:4000.");
  }
  if (!URL.canParse(url))
    throw new TypeError("url is no address. Pass one with its scheme, such as http://127.0.0.1:4000.");
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
