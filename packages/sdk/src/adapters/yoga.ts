/**
 * Keyplane for GraphQL Yoga 5: a plugin.
 *
 * @packageDocumentation
 */

import type { Guard } from "../guard/guard.js";
import { admitNode, type NodeResponse } from "./core/node.js";
import type { AdapterOptions } from "./core/options.js";
import { createPolicy } from "./core/policy.js";
import { type NodeRequest, viewOfFetch } from "./core/request-view.js";
import { isValid, type ValidVerdict } from "./core/verdict.js";
import { type FetchClasses, responseOf, type Watch, watch, withHeaders } from "./core/web.js";

export type { NodeResponse } from "./core/node.js";
export type { AdapterOptions, CallUsage, Given, ReadingOptions, Requirement } from "./core/options.js";
export type { NodeRequest } from "./core/request-view.js";
export type { ValidVerdict } from "./core/verdict.js";
export type { FetchClasses } from "./core/web.js";

/** What the plugin adds to the context of every operation. Give it to your schema builder as a part of the context's type. */
export interface KeyplaneContext {
  readonly keyplane: ValidVerdict;
}

/** What Yoga is handed beside the request; where it runs on Node, what Node has. */
export interface YogaServerContext {
  /** Of `node:http`, or of a framework that has that as `raw`. */
  readonly req?: (Partial<NodeRequest> & { readonly raw?: Partial<NodeRequest> | undefined }) | undefined;
  readonly res?: NodeResponse | undefined;
}

/** The options of {@link useKeyplane}. */
export type YogaOptions = AdapterOptions<[request: Request, serverContext: YogaServerContext]>;

/** The plugin, as far as Yoga is concerned. */
export interface YogaPlugin {
  onRequestParse(payload: {
    readonly request: Request;
    readonly serverContext: object;
    readonly fetchAPI: FetchClasses;
    endResponse(response: Response): void;
  }): Promise<void>;
  onContextBuilding(payload: { readonly context: unknown; extendContext(extension: object): void }): void;
  onResponse(payload: {
    readonly request: Request;
    readonly response: Response;
    setResponse(response: Response): void;
  }): void;
}

/**
 * Lets in only GraphQL requests with a valid key; `context.keyplane` is the verdict then. Others are answered with a problem
 * (RFC 9457) before their body is read. What the guard throws becomes a masked error of Yoga's. GraphiQL's page, health checks and
 * preflights need no key.
 *
 * Operations that come another way than by HTTP, such as over graphql-ws, are refused unless their context has a verdict
 * already, as `keyplane`.
 *
 * @throws TypeError for options that cannot be meant.
 */
export function useKeyplane(guard: Guard, options: YogaOptions = {}): YogaPlugin {
  const policy = createPolicy<[request: Request, serverContext: YogaServerContext]>(guard, options, [
    "closeOnRevocation",
  ]);
  const verdicts = new WeakMap<object, ValidVerdict>();
  const watches = new WeakMap<object, Watch>();

  return {
    // Not onRequest: what that throws, its server answers with a stack.
    async onRequestParse({ request, serverContext, fetchAPI, endResponse }) {
      const { req, res } = serverContext as YogaServerContext;
      const view = viewOfFetch(request, req?.raw ?? req);
      const address = req?.socket?.remoteAddress;
      const args: [Request, YogaServerContext] = [request, serverContext];
      // Yoga's own streams cannot fail on their way into an answer of Node's, so that answer itself is broken off.
      const admitted = res ? admitNode(policy, res, view, address, args) : policy.admit(view, address, args);
      const { verdict, problem } = await admitted;
      if (problem) return endResponse(responseOf(problem, request.method, fetchAPI));
      if (!verdict) throw new TypeError("No verdict.");
      verdicts.set(request, verdict);
      if (policy.closeOnRevocation && !res) watches.set(request, watch(policy, verdict, request.method, globalThis));
    },

    onContextBuilding({ context, extendContext }) {
      const { request, keyplane } = context as { readonly request?: object; readonly keyplane?: ValidVerdict };
      const verdict = (request && verdicts.get(request)) ?? keyplane;
      if (!verdict || !isValid(verdict)) {
        throw new TypeError("The key of this operation was not verified: give its context a verdict as `keyplane`.");
      }
      extendContext({ keyplane: verdict });
    },

    onResponse({ request, response, setResponse }) {
      const verdict = verdicts.get(request);
      const answer = verdict ? withHeaders(response, policy.headersOf(verdict), globalThis) : response;
      const watched = watches.get(request);
      if (watched) setResponse(watched.over(answer));
      else if (answer !== response) setResponse(answer);
    },
  };
}
