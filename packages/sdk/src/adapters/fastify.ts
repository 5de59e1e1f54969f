/**
 * Keyplane for Fastify 5: a plugin.
 *
 * @packageDocumentation
 */

import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Guard } from "../guard/guard.js";
import { checkOptions } from "./core/check-options.js";
import { admitNode } from "./core/node.js";
import type { AdapterOptions, PreflightOption, Requirement } from "./core/options.js";
import { createPolicy, type Policy } from "./core/policy.js";
import { viewOfNode } from "./core/request-view.js";
import type { ValidVerdict } from "./core/verdict.js";

export type { AdapterOptions, CallUsage, Given, PreflightOption, ReadingOptions, Requirement } from "./core/options.js";
export { type ValidVerdict, verdictOf } from "./core/verdict.js";

declare module "fastify" {
  interface FastifyRequest {
    /** The verdict on this request's key; null where the route needs none. `verdictOf(request)` gives it without the null. */
    keyplane: ValidVerdict | null;
  }
  interface FastifyContextConfig {
    /** What this route needs of its key, in place of what the plugin was given; false: no key. */
    keyplane?: FastifyRouteOptions | false;
  }
}

/** The options of one route, `config: { keyplane: { … } }`. */
export interface FastifyRouteOptions extends Requirement<[request: FastifyRequest]> {
  /** See {@link AdapterOptions.closeOnRevocation}. */
  readonly closeOnRevocation?: boolean | undefined;
}

/** The options of {@link keyplane}. What a route's own options leave out, these say. */
export interface FastifyKeyplaneOptions extends AdapterOptions<[request: FastifyRequest]>, PreflightOption {
  readonly guard: Guard;
}

type RoutePolicy = Policy<[request: FastifyRequest]>;

const routeOptions = ["scopes", "environment", "api", "usage", "closeOnRevocation"];

/**
 * The plugin, `fastify.register(keyplane, { guard })`. In the scope where it is registered, and in those within, every request needs a valid
 * key, those to no route included; `config: { keyplane: false }` makes a route public. Others are answered with a problem
 * (RFC 9457). What the guard throws goes to the error handler.
 *
 * @throws TypeError, when the server starts, for options that cannot be meant.
 */
export async function keyplane(fastify: FastifyInstance, options: FastifyKeyplaneOptions): Promise<void> {
  const { guard, ...own } = options;
  const policyOf = rememberPolicies(guard, own);
  policyOf(undefined);

  if (!fastify.hasRequestDecorator("keyplane")) fastify.decorateRequest("keyplane", null);
  // A mistake in a route stops the start. Routes from before this plugin are not told of; those fail when they are called.
  fastify.addHook("onRoute", ({ config }) => void policyOf(config?.keyplane));
  fastify.addHook("onRequest", async (request, reply) => {
    const policy = policyOf(request.routeOptions.config?.keyplane);
    if (!policy) return;
    const { raw, socket } = request;
    const admission = await admitNode(policy, reply.raw, viewOfNode(raw), socket.remoteAddress, [request]);
    request.keyplane = admission.verdict;
    if (!admission.problem) return;
    const { status, headers, body } = admission.problem;
    // Hooks that are answered by return stop here, and `reply` keeps the headers that others have set, such as those of CORS.
    return reply.code(status).headers(headers).send(body);
  });
}

// What fastify-plugin does: the hooks belong to the scope in which the plugin is registered, not to one of its own.
Object.assign(keyplane, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "@keyplane/sdk",
  [Symbol.for("plugin-meta")]: { name: "@keyplane/sdk", fastify: "5.x" },
});

/** @returns the policy of a route by its own options; null for one that needs no key. */
function rememberPolicies(
  guard: Guard,
  options: Omit<FastifyKeyplaneOptions, "guard">,
): (route: FastifyRouteOptions | false | undefined) => RoutePolicy | null {
  const more = ["closeOnRevocation", "allowPreflight"];
  const usual = createPolicy(guard, options, more);
  const remembered = new WeakMap<FastifyRouteOptions, RoutePolicy>();
  return (route) => {
    if (route === false) return null;
    if (route === undefined) return usual;
    let policy = remembered.get(route);
    if (!policy) {
      checkOptions(route, routeOptions);
      policy = createPolicy(guard, { ...options, ...route }, more);
      remembered.set(route, policy);
    }
    return policy;
  };
}
