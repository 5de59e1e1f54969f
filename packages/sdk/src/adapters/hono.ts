/**
 * Keyplane for Hono 4: a middleware.
 *
 * @packageDocumentation
 */

import type { Context, MiddlewareHandler } from "hono";
import type { Guard } from "../guard/guard.js";
import type { AdapterOptions, PreflightOption } from "./core/options.js";
import { createPolicy } from "./core/policy.js";
import { viewOfFetch } from "./core/request-view.js";
import type { ValidVerdict } from "./core/verdict.js";
import { responseOf, watch } from "./core/web.js";

export type { AdapterOptions, CallUsage, Given, PreflightOption, ReadingOptions, Requirement } from "./core/options.js";
export type { ValidVerdict } from "./core/verdict.js";

declare module "hono" {
  interface ContextVariableMap {
    /** The verdict on this request's key, behind `keyplane()`. */
    keyplane: ValidVerdict;
  }
}

/** The options of {@link keyplane}. */
export interface HonoOptions extends AdapterOptions<[context: Context]>, PreflightOption {}

/**
 * Lets in only requests with a valid key; `c.get("keyplane")` is the verdict then. Others are answered with a problem (RFC 9457). What
 * the guard throws goes to `app.onError`.
 *
 * There is no address of the caller to be seen in a Request: for keys that are bound to addresses, give `clientAddress`, such as
 * `(c) => getConnInfo(c).remote.address`.
 *
 * @throws TypeError for options that cannot be meant.
 */
export function keyplane(guard: Guard, options: HonoOptions = {}): MiddlewareHandler {
  const policy = createPolicy<[context: Context]>(guard, options, ["closeOnRevocation", "allowPreflight"]);

  return async (context, next) => {
    const { raw } = context.req;
    const { verdict, problem } = await policy.admit(viewOfFetch(raw), undefined, [context]);
    if (problem) return responseOf(problem, raw.method, globalThis);
    if (!verdict) return next();
    context.set("keyplane", verdict);
    for (const [name, value] of Object.entries(policy.headersOf(verdict))) context.header(name, value);
    if (!policy.closeOnRevocation) return next();
    const watched = watch(policy, verdict, raw.method, globalThis);
    try {
      await next();
    } catch (error) {
      watched.release();
      throw error;
    }
    context.res = watched.over(context.res);
  };
}
