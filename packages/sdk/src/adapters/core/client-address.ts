import type { RequestView } from "./request-view.js";

/** An address, with the port that some proxies write behind it: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const withPort = /^(?:(\d{1,3}(?:\.\d{1,3}){3})|\[([^\]]*)\])(?::\d{1,5})?$/;
/** What could be an address at all. Whether it is one, those find out who compare it. */
const likeAddress = /^[0-9a-f.:]{2,45}(?:%[\w.-]{1,32})?$/i;

/** The text as an address without a port; undefined when it is none. */
export function addressIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [, v4, v6] = withPort.exec(text.trim()) ?? [];
  const address = v4 ?? v6 ?? text.trim();
  return likeAddress.test(address) ? address : undefined;
}

/**
 * The caller's address as so many trusted proxies tell it by `X-Forwarded-For`: each appends the address that it saw, so that of what
 * stands before those, anybody may have written anything. Undefined where there are fewer: the request came another way.
 *
 * @param trustedProxies how many of your own proxies a request passes, 1 or more.
 */
export function forwardedAddress(request: RequestView, trustedProxies: number): string | undefined {
  const seen = request.lines("x-forwarded-for").flatMap((line) => line.split(","));
  return addressIn(seen[seen.length - trustedProxies]);
}
