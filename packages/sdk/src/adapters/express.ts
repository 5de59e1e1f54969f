/**
 * Keyplane for Express 4 and 5, and for everything else whose middleware is called with request, response and next.
 *
 * @packageDocumentation
 */

import type { Guard } from "../guard/guard.js";
import { admitNode, type NodeResponse, sendProblem } from "./core/node.js";
import type { AdapterOptions, PreflightOption } from "./core/options.js";
import { createPolicy } from "./core/policy.js";
import { type NodeRequest, viewOfNode } from "./core/request-view.js";
import type { ValidVerdict } from "./core/verdict.js";

export type { NodeResponse } from "./core/node.js";
export type { AdapterOptions, CallUsage, Given, PreflightOption, ReadingOptions, Requirement } from "./core/options.js";
export type { NodeRequest } from "./core/request-view.js";
export { type ValidVerdict, verdictOf } from "./core/verdict.js";

declare global {
  // The namespace that the types of Express leave open for this.
  namespace Express {
    interface Request {
      /** The verdict on this request's key, behind `keyplane()`. `verdictOf(request)` gives it without the `undefined`. */
      keyplane?: ValidVerdict;
    }
  }
}

/** The options of {@link keyplane}. */
export interface ExpressOptions<Request extends NodeRequest = NodeRequest>
  extends AdapterOptions<[request: Request]>,
    PreflightOption {}

/**
 * Lets in only requests with a valid key, and puts the verdict on them as `request.keyplane`. Others are answered with a problem
 * (RFC 9457). What the guard throws goes to `next`.
 *
 * @throws TypeError for options that cannot be meant.
 */
export function keyplane<Request extends NodeRequest = NodeRequest>(
  guard: Guard,
  options: ExpressOptions<Request> = {},
): (request: Request, response: NodeResponse, next: (error?: unknown) => void) => void {
  const policy = createPolicy<[request: Request]>(guard, options, ["closeOnRevocation", "allowPreflight"]);

  async function handle(request: Request, response: NodeResponse): Promise<boolean> {
    const { remoteAddress } = request.socket ?? {};
    const { verdict, problem } = await admitNode(policy, response, viewOfNode(request), remoteAddress, [request]);
    if (problem) sendProblem(response, problem);
    else (request as { keyplane?: ValidVerdict | undefined }).keyplane = verdict ?? undefined;
    return problem === null;
  }

  async function run(request: Request, response: NodeResponse, next: (error?: unknown) => void): Promise<void> {
    let isLetIn: boolean;
    try {
      isLetIn = await handle(request, response);
    } catch (error) {
      return next(error);
    }
    // Not within the try: what handlers behind throw must not be told to `next` again.
    if (isLetIn) next();
  }

  return (request, response, next) => void run(request, response, next);
}
