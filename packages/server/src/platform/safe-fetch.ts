import { lookup as systemLookup } from "node:dns/promises";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { isPublicAddress } from "./public-address.js";

/** Why an outside address was not asked, or its answer not taken. */
export type SafeFetchReason =
  | "ADDRESS_NOT_ALLOWED"
  | "NOT_FOUND"
  | "UNREACHABLE"
  | "TIMEOUT"
  | "REDIRECT"
  | "TOO_LARGE"
  | "CONTENT_TYPE";

/** A request to the outside that was not made or came to nothing. Its message may be shown to whoever gave the address. */
export class SafeFetchError extends Error {
  constructor(
    readonly reason: SafeFetchReason,
    message: string,
  ) {
    super(message);
    this.name = "SafeFetchError";
  }
}

/** An answer that passed all limits. */
export interface SafeAnswer {
  readonly status: number;
  readonly body: string;
}

export interface SafeRequest {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Media types that are taken, without parameters; any when left out. Asked of answers with status 2xx only. */
  readonly accept?: readonly string[];
  /** Nothing of the answer is wanted but its status: its body is not read, whatever it is. */
  readonly statusOnly?: boolean;
  /** How much of the answer is read at most. */
  readonly maxBytes: number;
  /** For everything together: look-up, connection, answer. */
  readonly timeLimitMs: number;
}

export type SafeFetch = (url: string, request: SafeRequest) => Promise<SafeAnswer>;

/** An address that a name stands for. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/**
 * Makes the function that asks addresses which somebody else has given: issuers, webhooks. What it guards against is that the
 * server reaches for the sender what only the server can reach (OWASP: server-side request forgery).
 *
 * The name is resolved here, every address that it stands for must be public, and the connection goes to the very address that
 * was checked: a name that answers differently the second time (DNS rebinding) is not asked a second time. Redirects are
 * refused, not followed. Only https, whose certificate must be for the name.
 *
 * @param options.allowPrivate allows http and every address: for development and tests.
 * @param options.resolve finds the addresses of a name; the system's own resolver by default.
 */
export function createSafeFetch(options: {
  readonly allowPrivate: boolean;
  readonly resolve?: (hostname: string) => Promise<readonly ResolvedAddress[]>;
}): SafeFetch {
  const { allowPrivate, resolve = (hostname) => systemLookup(hostname, { all: true, verbatim: true }) } = options;

  async function checkedAddress(url: URL): Promise<ResolvedAddress> {
    // The brackets belong to the address's place in a URL, not to the address.
    const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const found = isIP(hostname) > 0 ? [{ address: hostname, family: isIP(hostname) }] : await addressesOf(hostname);
    const first = found[0];
    if (!first) throw new SafeFetchError("NOT_FOUND", `The name ${hostname} has no address.`);
    // All of them: which one a later connection would take is not ours to say, and a mixed answer is how rebinding begins.
    if (!allowPrivate && !found.every(({ address }) => isPublicAddress(address))) {
      throw new SafeFetchError(
        "ADDRESS_NOT_ALLOWED",
        `The name ${hostname} stands for an address that is not public. Give one that can be reached from anywhere.`,
      );
    }
    return first;
  }

  async function addressesOf(hostname: string): Promise<readonly ResolvedAddress[]> {
    try {
      return await resolve(hostname);
    } catch {
      throw new SafeFetchError("NOT_FOUND", `The name ${hostname} cannot be resolved. Check its spelling.`);
    }
  }

  return async (text, request) => {
    const url = parseUrl(text, allowPrivate);
    const signal = AbortSignal.timeout(request.timeLimitMs);
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(timeout(url)), { once: true });
    });
    const answer = checkedAddress(url).then((address) => send(url, address, request, signal));
    return Promise.race([answer, late]);
  };
}

/** Whether `createSafeFetch` could ask a URL at all, before any name is looked up. @throws SafeFetchError saying why not. */
export function parseUrl(text: string, allowPrivate: boolean): URL {
  if (!URL.canParse(text))
    throw new SafeFetchError("ADDRESS_NOT_ALLOWED", "This is no URL. Give one such as https://id.example.com.");
  const url = new URL(text);
  if (url.protocol !== "https:" && !(allowPrivate && url.protocol === "http:")) {
    throw new SafeFetchError("ADDRESS_NOT_ALLOWED", "Give an address that begins with https://.");
  }
  if (url.username !== "" || url.password !== "") {
    throw new SafeFetchError("ADDRESS_NOT_ALLOWED", "Remove the user name and password from the address.");
  }
  return url;
}

function timeout(url: URL): SafeFetchError {
  return new SafeFetchError("TIMEOUT", `${url.host} did not answer in time.`);
}

/** Connects to the checked address and to no other: there is no second look-up that could answer something else. */
function send(url: URL, checked: ResolvedAddress, request: SafeRequest, signal: AbortSignal): Promise<SafeAnswer> {
  const lookup: LookupFunction = (_hostname, options, callback) => {
    if (options.all === true) callback(null, [{ address: checked.address, family: checked.family }]);
    else callback(null, checked.address, checked.family);
  };
  const open = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = open(
      url,
      {
        method: request.method ?? "GET",
        // A connection of its own: one that is kept could have been made to an address of another check.
        agent: false,
        lookup,
        signal,
        headers: { "accept-encoding": "identity", "user-agent": "Keyplane", ...request.headers },
        maxHeaderSize: 16_384,
      },
      (response) => {
        const fail = (reason: SafeFetchReason, message: string): void => {
          reject(new SafeFetchError(reason, message));
          response.destroy();
        };
        const status = response.statusCode ?? 0;
        if (status >= 300 && status < 400) {
          return fail("REDIRECT", `${url.host} redirects elsewhere, which is not followed. Give the final address.`);
        }
        if (request.statusOnly) {
          resolve({ status, body: "" });
          response.destroy();
          return;
        }
        const isTaken = status < 200 || status >= 300 || isAccepted(response.headers["content-type"], request.accept);
        if (!isTaken) {
          const type = (response.headers["content-type"] ?? "nothing").slice(0, 100);
          return fail("CONTENT_TYPE", `${url.host} answered with ${type}, not with ${request.accept?.join(" or ")}.`);
        }
        if ((response.headers["content-encoding"] ?? "identity") !== "identity") {
          return fail("CONTENT_TYPE", `${url.host} compressed its answer, although it was asked not to.`);
        }
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > request.maxBytes)
            fail("TOO_LARGE", `${url.host} answered with more than ${request.maxBytes} bytes.`);
          else chunks.push(chunk);
        });
        response.once("end", () => resolve({ status, body: Buffer.concat(chunks).toString() }));
        response.once("error", () => fail("UNREACHABLE", `${url.host} broke off its answer.`));
      },
    );
    outgoing.once("error", (error: NodeJS.ErrnoException) => {
      // The time limit tells itself; everything else only by its kind, because a precise text would map an inner network.
      const why = error.code?.startsWith("ERR_TLS") || error.code?.includes("CERT") ? " with a valid certificate" : "";
      reject(signal.aborted ? timeout(url) : new SafeFetchError("UNREACHABLE", `${url.host} cannot be reached${why}.`));
    });
    outgoing.end(request.body);
  });
}

function isAccepted(contentType: string | undefined, accept: readonly string[] | undefined): boolean {
  return accept === undefined || accept.includes((contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "");
}
