import type { Guard, GuardRequest, GuardVerdict } from "../../guard/guard.js";
import { areScopes, checkGuard, checkOptions, isApi, isEnvironment, isUsage } from "./check-options.js";
import { addressIn, forwardedAddress } from "./client-address.js";
import { deprecationHeaders } from "./deprecation.js";
import type { AdapterOptions, ExposedReason, Given, PreflightOption } from "./options.js";
import { type Problem, type ProblemWords, problemOf, problemOfRequest } from "./problem.js";
import { rateLimitHeaders } from "./rate-limits.js";
import { readKey } from "./read-key.js";
import type { RequestView } from "./request-view.js";
import { isValid, type ValidVerdict } from "./verdict.js";

/** What becomes of a request: it is let in, goes on without a verdict as a preflight, or is answered with a problem. */
export type Admission =
  | { readonly verdict: ValidVerdict; readonly problem: null }
  | { readonly verdict: null; readonly problem: null }
  | { readonly verdict: null; readonly problem: Problem };

/** Options that were checked, with their guard. */
export interface Policy<Args extends readonly unknown[]> {
  readonly closeOnRevocation: boolean;
  /**
   * Says what becomes of a request.
   *
   * @param remoteAddress the other end of the connection, where it is known.
   * @throws whatever the guard or a function among the options throws: then nobody is let in.
   */
  admit(request: RequestView, remoteAddress: string | undefined, args: Args): Promise<Admission>;
  problemOf(verdict: GuardVerdict): Problem;
  /** What the answer to a request that is let in says beside what the application answers. By names in lower case. */
  headersOf(verdict: ValidVerdict): Readonly<Record<string, string>>;
  /** Calls back once when the key is refused. @returns forgets it. */
  bind(verdict: ValidVerdict, refused: (verdict: GuardVerdict) => void): () => void;
}

/** The names of the options that every adapter has. */
const commonOptions = [
  "scopes",
  "environment",
  "api",
  "usage",
  "header",
  "bearer",
  "queryParameter",
  "clientAddress",
  "trustedProxies",
  "realm",
  "exposeReason",
  "rateLimitHeaders",
];

/**
 * Checks the options once, when the application starts.
 *
 * @param more the names of the options that this adapter has as well.
 * @throws TypeError that says what is wrong with them.
 */
export function createPolicy<Args extends readonly unknown[]>(
  guard: Guard,
  options: AdapterOptions<Args> & PreflightOption = {},
  more: readonly string[] = [],
): Policy<Args> {
  checkGuard(guard);
  checkOptions(options, [...commonOptions, ...more]);
  const { realm = "keyplane", exposeReason = "code", closeOnRevocation = false, allowPreflight = false } = options;
  const limitsOf = options.rateLimitHeaders === true ? rateLimitHeaders : () => ({});
  const { header = "x-api-key", bearer = true, queryParameter, clientAddress, trustedProxies = 0 } = options;
  const exposed = exposedReasonOf(exposeReason);
  // Asked for each time: the server tells it while requests come already.
  const words = (): ProblemWords => ({ realm, exposeReason: exposed, docsUrl: guard.docsUrl });
  const places = { header: header.toLowerCase(), bearer, queryParameter };
  const requirement = readerOf(options);

  function addressOf(request: RequestView, remoteAddress: string | undefined, args: Args): string | undefined {
    if (clientAddress) return addressIn(clientAddress(...args));
    return trustedProxies > 0 ? forwardedAddress(request, trustedProxies) : remoteAddress;
  }

  function refusalOf(verdict: GuardVerdict): Problem {
    const problem = problemOf(verdict, words());
    return { ...problem, headers: { ...limitsOf(verdict), ...problem.headers } };
  }

  return {
    closeOnRevocation,
    async admit(request, remoteAddress, args) {
      if (allowPreflight && isPreflight(request)) return { verdict: null, problem: null };
      const found = readKey(request, places);
      if ("problem" in found) return { verdict: null, problem: problemOfRequest(found.problem, words()) };
      const { usage, ...required } = requirement(args);
      const userAgent = request.lines("user-agent")[0];
      const verdict = await guard.verify(found.key, {
        ...required,
        ip: addressOf(request, remoteAddress, args),
        usage: userAgent === undefined ? usage : { ...usage, userAgent },
      });
      return isValid(verdict) ? { verdict, problem: null } : { verdict: null, problem: refusalOf(verdict) };
    },
    problemOf: refusalOf,
    headersOf: (verdict) => ({ ...deprecationHeaders(verdict), ...limitsOf(verdict) }),
    bind: (verdict, refused) => guard.bind(verdict.key.id, refused),
  };
}

/** Whether a browser asks what it may send (Fetch standard, CORS-preflight request). */
function isPreflight({ method, lines }: RequestView): boolean {
  return method === "OPTIONS" && lines("origin").length > 0 && lines("access-control-request-method").length > 0;
}

/** Copies what is given as a value, so that nobody changes it later, and checks what functions give for each request. */
function readerOf<Args extends readonly unknown[]>(
  options: AdapterOptions<Args>,
): (args: Args) => Pick<GuardRequest, "scopes" | "environment" | "api" | "usage"> {
  const scopes = option<Args, readonly string[]>("scopes", options.scopes && copied(options.scopes), areScopes);
  const environment = option<Args, string>("environment", options.environment, isEnvironment);
  const usage = option<Args, object>("usage", options.usage && copied(options.usage), isUsage);
  const api = option<Args, string>("api", options.api, isApi);
  return (args) => ({
    scopes: scopes(args),
    environment: environment(args),
    api: api(args),
    usage: usage(args),
  });
}

function copied<Value>(value: Value): Value {
  return typeof value === "function" ? value : structuredClone(value);
}

/** @param fits what a function must give: what is left out would not be checked, and everybody let in. */
function option<Args extends readonly unknown[], Value>(
  name: string,
  given: Given<Args, Value> | undefined,
  fits: (value: unknown) => boolean,
): (args: Args) => Value | undefined {
  if (typeof given !== "function") return () => given;
  const make = given as (...args: Args) => Value;
  return (args) => {
    const value = make(...args);
    if (!fits(value)) throw new TypeError(`The function given as ${name} answered nothing that fits this option.`);
    return value;
  };
}

function exposedReasonOf(given: ExposedReason | boolean): ExposedReason {
  if (typeof given !== "boolean") return given;
  return given ? "message" : "code";
}
