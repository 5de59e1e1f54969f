import { apiLabelPattern, environments } from "@keyplane/schema";

/** As the server takes them. */
const scope = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;
const maxScopes = 100;
/** RFC 9110, section 5.6.2. */
const token = /^[\w!#$%&'*+.^`|~-]{1,64}$/;
/** What a quoted text may have without escapes, RFC 9110, section 5.6.4. */
const quotable = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,100}$/;

type Check = (value: unknown) => boolean;

const isFunction: Check = (value) => typeof value === "function";
const isFlag: Check = (value) => typeof value === "boolean";
const isExposedReason: Check = (value) => isFlag(value) || ["none", "code", "message"].includes(value as string);
const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === "string" && pattern.test(value);
const isWholeUpTo =
  (most: number): Check =>
  (value) =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;

/** Each option: whether a value fits, and the words for one that does not. Add an option here. */
const checks: Readonly<Record<string, readonly [fits: Check, words: string]>> = {
  scopes: [(value) => isFunction(value) || areScopes(value), 'a list of scopes such as ["orders:read"], or a function'],
  environment: [(value) => isFunction(value) || isEnvironment(value), '"LIVE", "TEST" or a function'],
  api: [(value) => isFunction(value) || isApi(value), 'the name of an API, such as "orders@v2", or a function'],
  usage: [(value) => isFunction(value) || isUsage(value), "an object with api, cost, tags or meters, or a function"],
  header: [matches(token), 'the name of a header, such as "x-api-key"'],
  bearer: [isFlag, "true or false"],
  queryParameter: [matches(/^[\w.-]{1,64}$/), 'the name of a parameter, such as "api_key"'],
  clientAddress: [isFunction, "a function that tells an address"],
  trustedProxies: [isWholeUpTo(20), "the number of your own proxies, 0 to 20"],
  realm: [matches(quotable), "printable ASCII without quotes and backslashes"],
  rateLimitHeaders: [isFlag, "true or false"],
  exposeReason: [isExposedReason, '"none", "code" or "message"'],
  closeOnRevocation: [isFlag, "true or false"],
  allowPreflight: [isFlag, "true or false"],
  onError: [isFunction, "a function"],
};

/**
 * Refuses options that cannot be meant. An unknown name is refused, too: a slip such as `scope` would let everybody in.
 *
 * @throws TypeError that names the option and says what it takes.
 */
export function checkOptions(options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) throw new TypeError("Give the options as an object.");
  for (const [name, value] of Object.entries(options)) {
    const check = known.includes(name) ? checks[name] : undefined;
    if (!check) throw new TypeError(`There is no option ${JSON.stringify(name)}. There are ${known.join(", ")}.`);
    const [fits, words] = check;
    if (value !== undefined && !fits(value)) throw new TypeError(`The option ${name} takes ${words}.`);
  }
  const { clientAddress, trustedProxies, bearer, header } = options as Record<string, unknown>;
  if (clientAddress !== undefined && trustedProxies !== undefined) {
    throw new TypeError("Give the option clientAddress or trustedProxies, not both.");
  }
  if (bearer !== false && String(header).toLowerCase() === "authorization") {
    throw new TypeError("The option header takes authorization only with bearer: false.");
  }
}

/** @throws TypeError unless it is what adapters need of a guard. */
export function checkGuard(guard: unknown): void {
  const { verify, bind, docsUrl } = (guard ?? {}) as Record<string, unknown>;
  const isGuard = isFunction(verify) && isFunction(bind) && typeof docsUrl === "string";
  if (!isGuard) throw new TypeError("Give a guard, as createGuard makes it.");
}

export function areScopes(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= maxScopes && value.every(matches(scope));
}

export function isEnvironment(value: unknown): value is string {
  return typeof value === "string" && Object.hasOwn(environments, value);
}

export const isApi: Check = matches(apiLabelPattern);

/** Whether each field is one of usage; what may stand in it, the guard says. */
export function isUsage(value: unknown): value is object {
  const fields = ["api", "cost", "tags", "meters"];
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).every((field) => fields.includes(field))
  );
}
