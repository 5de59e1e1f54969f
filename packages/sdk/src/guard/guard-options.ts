import type { Fetch, KeyplaneOptions } from "../client/options.js";
import type { UsageRecordOptions } from "../usage/record-options.js";
import type { EventTransport } from "./follower.js";

/** How a guard reaches its server, and what it does on its own. */
export interface GuardOptions extends Pick<KeyplaneOptions, "url" | "token" | "credentials" | "headers"> {
  /** How to send requests. Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  /**
   * `lazy` reads a key when it is first presented, and keeps it. `full` reads all keys at the start: no request waits for the
   * network then, and a key that is not among them is refused at once. Default: `lazy`.
   */
  readonly mode?: "lazy" | "full" | undefined;
  /** Whose keys. Default: all that the token may see. Keys of other tenants are unknown here. */
  readonly tenantId?: string | undefined;
  /**
   * How old knowledge may be that a verdict stands on without asking the server, in milliseconds. The server says every 5 s that
   * nothing was missed, so with less the server is asked often, and with 0 by each call. An answer of the server counts at
   * least for as long as `timeoutMs`, for those who wait for it. Default: 30000.
   */
  readonly maxStalenessMs?: number | undefined;
  /**
   * What to do when knowledge is older than that and the server cannot be asked. `deny`: the verdict is UNAVAILABLE. `allow-known`: what
   * was known last counts, however old, and unknown keys are UNAVAILABLE; rate limits and quotas, which the server counts, bound nothing then.
   * Default: `deny`.
   */
  readonly onUnavailable?: "deny" | "allow-known" | undefined;
  /** How many keys to keep in memory; about 1.3 kB each. Default: 100000. */
  readonly maxKeys?: number | undefined;
  /**
   * How many unknown or mistyped keys one address may present in a minute, as far as `ip` is passed; an IPv6 network of 64 bits counts
   * as one. Then it is slowed, and refused for five minutes when it goes on: RATE_LIMITED. Keys in memory are verified all the same.
   * Default: 60.
   */
  readonly unknownKeysPerAddress?: number | undefined;
  /** How long a verification may wait for the server, in milliseconds. Default: 3000. */
  readonly timeoutMs?: number | undefined;
  /**
   * How to hear of events: `stream`, `polling`, or `auto`: by a stream, and by polling where something on the way holds
   * streams back. Default: `auto`.
   */
  readonly events?: EventTransport | undefined;
  /** How verifications are recorded as usage, or false: not at all. Default: recorded. */
  readonly usage?: UsageRecordOptions | false | undefined;
  /**
   * A file in which what is known survives a restart, even without a network; `maxStalenessMs` and `onUnavailable` hold for it,
   * too. It contains hashes of keys and names of owners, never a key, and only this user may read it. It is of use to the same
   * credentials only: the same token, the same client, the same session. Only where there is a file system. Default: none.
   */
  readonly snapshotFile?: string | undefined;
  /**
   * Below which address callers of your API find Keyplane's pages about codes: what `docsUrl` of verdicts and `type` of the adapters' problems
   * begin with. Up to 2048 characters, http or https. Default: `/docs` below the server's KEYPLANE_PUBLIC_URL, which the server tells; where it has
   * none, or is older, below `url`.
   */
  readonly docsUrl?: string | undefined;
}

/** Options that have been checked and completed. */
export interface ResolvedGuardOptions extends GuardOptions {
  readonly mode: "lazy" | "full";
  readonly maxStalenessMs: number;
  readonly onUnavailable: "deny" | "allow-known";
  readonly maxKeys: number;
  readonly unknownKeysPerAddress: number;
  readonly timeoutMs: number;
  readonly events: EventTransport;
}

/** Every option: a mistyped one must not be taken for one that was left out. */
const known: Readonly<Record<keyof GuardOptions, true>> = {
  url: true,
  token: true,
  credentials: true,
  headers: true,
  fetch: true,
  mode: true,
  tenantId: true,
  maxStalenessMs: true,
  onUnavailable: true,
  maxKeys: true,
  unknownKeysPerAddress: true,
  timeoutMs: true,
  events: true,
  usage: true,
  snapshotFile: true,
  docsUrl: true,
};

/** @throws TypeError that names the option, what it got and what it wants. */
export function resolveGuardOptions(options: GuardOptions): ResolvedGuardOptions {
  const unknown = Object.keys(options).find((option) => !(option in known));
  if (unknown !== undefined) {
    throw new TypeError(`There is no option ${unknown}. There are: ${Object.keys(known).join(", ")}.`);
  }
  const { mode = "lazy", onUnavailable = "deny", events = "auto", snapshotFile, tenantId, usage } = options;
  const { maxStalenessMs = 30_000, maxKeys = 100_000, timeoutMs = 3_000, unknownKeysPerAddress = 60 } = options;
  checkOneOf("mode", mode, ["lazy", "full"]);
  checkOneOf("onUnavailable", onUnavailable, ["deny", "allow-known"]);
  checkOneOf("events", events, ["auto", "stream", "polling"]);
  checkWhole("maxStalenessMs", maxStalenessMs, 0, 86_400_000);
  checkWhole("maxKeys", maxKeys, 1, 10_000_000);
  checkWhole("timeoutMs", timeoutMs, 1, 2_147_483_647);
  checkWhole("unknownKeysPerAddress", unknownKeysPerAddress, 1, 1_000_000);
  checkText("tenantId", tenantId);
  checkText("snapshotFile", snapshotFile);
  if (usage !== undefined && usage !== false && (typeof usage !== "object" || usage === null)) {
    throw new TypeError("usage must be an object of options, or false.");
  }
  const docsUrl = docsUrlOf(options.docsUrl);
  return {
    ...options,
    docsUrl,
    mode,
    onUnavailable,
    events,
    maxStalenessMs,
    maxKeys,
    timeoutMs,
    unknownKeysPerAddress,
  };
}

function checkOneOf(option: string, value: unknown, allowed: readonly string[]): void {
  if (!allowed.includes(value as string)) {
    throw new TypeError(`${option} must be ${allowed.join(" or ")}, not ${String(value)}.`);
  }
}

function checkWhole(option: string, value: unknown, lowest: number, highest: number): void {
  if (!Number.isInteger(value) || (value as number) < lowest || (value as number) > highest) {
    throw new TypeError(`${option} must be a whole number from ${lowest} to ${highest}, not ${String(value)}.`);
  }
}

function checkText(option: string, value: unknown): void {
  if (value !== undefined && (typeof value !== "string" || value === "")) {
    throw new TypeError(`${option} must be a text, not ${value === "" ? "an empty one" : typeof value}.`);
  }
}

/** Longer addresses are refused by many who read a problem's `type`. */
const maxDocsUrl = 2_048;

/** @returns it without a slash at its end. */
function docsUrlOf(value: unknown): string | undefined {
  checkText("docsUrl", value);
  if (value === undefined) return undefined;
  const text = value as string;
  const wants = "an address that begins with http or https, without a user, ? or #, of at most 2048 characters";
  if (text.length > maxDocsUrl || !URL.canParse(text)) throw new TypeError(`docsUrl must be ${wants}.`);
  const { protocol, origin, pathname, search, hash, username, password } = new URL(text);
  const isOfWeb = protocol === "http:" || protocol === "https:";
  if (!isOfWeb || search + hash + username + password !== "") throw new TypeError(`docsUrl must be ${wants}.`);
  return origin + pathname.replace(/\/+$/, "");
}
