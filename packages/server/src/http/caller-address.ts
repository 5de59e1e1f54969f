import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { matchesCidr } from "@keyplane/schema";
import { LRUCache } from "lru-cache";

/** Which proxies may say where a request came from: those at these addresses (CIDR); true: whoever connects; false: nobody. */
export type TrustedProxies = boolean | readonly string[];

/** As many entries as a chain of proxies has at most; whatever stands before them, a caller may have written. */
const maxProxies = 10;

/**
 * Makes the function that tells where a request came from. A proxy appends the address that it saw to `X-Forwarded-For`, so the list is
 * read from its end: the first entry that is no trusted proxy's is the caller, and entries before it are whatever the caller wrote.
 *
 * @returns null when it is not known.
 */
export function createAddressOf(trusted: TrustedProxies): (request: IncomingMessage) => string | null {
  if (trusted === false) return (request) => request.socket.remoteAddress ?? null;
  if (trusted === true) return (request) => lastOf(forwardedBy(request)) ?? request.socket.remoteAddress ?? null;

  const known = new LRUCache<string, boolean>({ max: 1_000 });
  const isTrusted = (address: string): boolean => {
    let answer = known.get(address);
    if (answer === undefined) {
      answer = matchesCidr(address, trusted);
      known.set(address, answer);
    }
    return answer;
  };
  return (request) => {
    let caller = request.socket.remoteAddress ?? null;
    const entries = forwardedBy(request);
    for (let hop = 1; hop <= maxProxies && caller !== null && isTrusted(caller); hop++) {
      const entry = entries.at(-hop);
      // A proxy that does not say it is as far as one can see.
      if (entry === undefined || isIP(entry) === 0) break;
      caller = entry;
    }
    return caller;
  };
}

function forwardedBy({ headers }: IncomingMessage): string[] {
  const forwarded = headers["x-forwarded-for"];
  const text = Array.isArray(forwarded) ? forwarded.join(",") : forwarded;
  return text === undefined ? [] : text.split(",").map((entry) => entry.trim());
}

function lastOf(entries: readonly string[]): string | undefined {
  const last = entries.at(-1);
  return last !== undefined && isIP(last) !== 0 ? last : undefined;
}
