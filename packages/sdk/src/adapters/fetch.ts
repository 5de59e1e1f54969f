/**
 * Keyplane for handlers that take a Request and answer a Response: Next.js, Cloudflare Workers, Bun, Deno.
 *
 * @packageDocumentation
 */

import type { Guard } from "../guard/guard.js";
import type { AdapterOptions } from "./core/options.js";
import { createPolicy } from "./core/policy.js";
import { type FetchRequest, viewOfFetch } from "./core/request-view.js";
import type { ValidVerdict } from "./core/verdict.js";
import { responseOf, watch, withHeaders } from "./core/web.js";

export type { AdapterOptions, CallUsage, Given, ReadingOptions, Requirement } from "./core/options.js";
export type { FetchRequest } from "./core/request-view.js";
export type { ValidVerdict } from "./core/verdict.js";

/** The options of {@link withKey}. Functions among them get all that the platform hands the handler. */
export type FetchOptions<Request extends FetchRequest, Rest extends readonly unknown[]> = AdapterOptions<
  [request: Request, ...rest: Rest]
>;

/** What the handler is told of a request that was let in. */
export interface KeyContext {
  readonly verdict: ValidVerdict;
}

/**
 * Makes a handler that calls another one only for requests with a valid key, and answers others with a problem (RFC 9457). What the
 * platform hands a handler besides the request comes last: `(request, { verdict }, env, ctx) => …`. What the guard
 * throws, the handler throws.
 *
 * There is no address of the caller to be seen in a Request: for keys that are bound to addresses, give `clientAddress`.
 *
 * @throws TypeError for options that cannot be meant.
 */
export function withKey<Request extends FetchRequest = globalThis.Request, Rest extends readonly unknown[] = []>(
  guard: Guard,
  options: FetchOptions<Request, Rest>,
  handler: (request: Request, context: KeyContext, ...rest: Rest) => Response | Promise<Response>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  const policy = createPolicy<[request: Request, ...rest: Rest]>(guard, options, ["closeOnRevocation"]);
  if (typeof handler !== "function") throw new TypeError("Give the handler as the last argument.");

  return async (request, ...rest) => {
    const { method } = request;
    const { verdict, problem } = await policy.admit(viewOfFetch(request), undefined, [request, ...rest]);
    if (problem) return responseOf(problem, method, globalThis);
    // Without a verdict there may be no problem only where preflights are let in, which is no option here.
    if (!verdict) throw new TypeError("No verdict.");
    if (!policy.closeOnRevocation) {
      return withHeaders(await handler(request, { verdict }, ...rest), policy.headersOf(verdict), globalThis);
    }
    const watched = watch(policy, verdict, method, globalThis);
    try {
      return watched.over(
        withHeaders(await handler(request, { verdict }, ...rest), policy.headersOf(verdict), globalThis),
      );
    } catch (error) {
      watched.release();
      throw error;
    }
  };
}
