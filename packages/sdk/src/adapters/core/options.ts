import type { GuardRequest } from "../../guard/guard.js";
import type { Environment } from "../../open-enums.js";

/** How much of a refusal's reason the callers of an API are told. */
export type ExposedReason = "none" | "code" | "message";

/** A value, or a function that makes it of a request: of the arguments that the framework hands its handlers. */
export type Given<Args extends readonly unknown[], Value> = Value | ((...args: Args) => Value);

/** What usage records of a call, beside what every call has. */
export type CallUsage = Omit<NonNullable<GuardRequest["usage"]>, "userAgent">;

/** What a request needs of its key. */
export interface Requirement<Args extends readonly unknown[]> {
  /** All of these scopes. Default: none. */
  readonly scopes?: Given<Args, readonly string[]> | undefined;
  /** Default: keys of both environments are let in. */
  readonly environment?: Given<Args, Environment> | undefined;
  /**
   * Which of your APIs is called, by slug, id or `slug@version`: the key needs access to it, and usage is counted by it. Callers of a
   * deprecated version are told so by the headers `Deprecation` and `Sunset`. Default: not checked.
   */
  readonly api?: Given<Args, string> | undefined;
  /** `api`, `cost`, `tags` and `meters` of the call. Only `cost` can change the verdict: of a key under limits. */
  readonly usage?: Given<Args, CallUsage> | undefined;
}

/** Where keys and addresses are read, and how refusals are told. */
export interface ReadingOptions<Args extends readonly unknown[]> {
  /** A header that holds nothing but the key. Default: `x-api-key`. */
  readonly header?: string | undefined;
  /** Whether the key may stand in `Authorization: Bearer`. Turn it off where that header holds something else. Default: true. */
  readonly bearer?: boolean | undefined;
  /**
   * A parameter of the URL's query that may hold the key, for clients that cannot send headers. Default: none, because URLs stand
   * in logs, histories and `Referer` headers.
   */
  readonly queryParameter?: string | undefined;
  /**
   * Tells the caller's address, which keys that are bound to addresses need. Default: the address at the other end of the connection,
   * where there is one to be seen; with `trustedProxies`, what they tell.
   */
  readonly clientAddress?: ((...args: Args) => string | undefined) | undefined;
  /**
   * How many of your own proxies each request passes: the caller's address is then the entry of `X-Forwarded-For` that the first of them
   * wrote. Default: 0, the header is not read, because anybody can send it.
   */
  readonly trustedProxies?: number | undefined;
  /** The realm of `WWW-Authenticate`. Default: `keyplane`. */
  readonly realm?: string | undefined;
  /**
   * How much of the reason callers of your API are told. `none`: the status alone. `code`: the code, what it means and its page, the hint
   * about a mistyped key, and missing scopes. `message`: besides these the verdict's own message, which may repeat a reason that
   * somebody typed. `true` stands for `message`, `false` for `code`. Default: `code`.
   */
  readonly exposeReason?: ExposedReason | boolean | undefined;
  /**
   * Whether callers of your API are told where the rate limits of the call stand, by the headers `RateLimit-Policy` and `RateLimit`
   * (draft-ietf-httpapi-ratelimit-headers), let in or refused. They tell how much the key, its owner, its tenant and the API may. Default: false.
   */
  readonly rateLimitHeaders?: boolean | undefined;
}

/** The options of adapters to which HTTP requests come. */
export interface AdapterOptions<Args extends readonly unknown[]> extends Requirement<Args>, ReadingOptions<Args> {
  /**
   * Whether to break off an answer that is still being sent when its key is refused, such as a stream of events. Costs a binding
   * for each request. Default: false.
   */
  readonly closeOnRevocation?: boolean | undefined;
}

/** For frameworks whose routes answer `OPTIONS`. */
export interface PreflightOption {
  /**
   * Whether CORS preflights, which browsers send without a key, go on without a verdict. Needed only where no CORS middleware in front
   * answers them. Default: false, because a handler for all methods would serve them.
   */
  readonly allowPreflight?: boolean | undefined;
}
