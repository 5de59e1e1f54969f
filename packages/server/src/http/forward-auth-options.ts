import { LRUCache } from "lru-cache";
import type { VerifyKeyInput } from "../modules/keys/index.js";
import { BadUserInputError } from "../platform/errors.js";

/** What a gateway asks for with every request, by the query of the address in its configuration. */
export interface ForwardAuthOptions extends Pick<VerifyKeyInput, "scopes" | "environment" | "api" | "cost" | "tags"> {
  /** The header in which the gateway writes its client's address, in lower case; absent: the address is not known. */
  readonly ipHeader?: string;
  /** How much of a refusal's reason the gateway's client may read; absent: `code`. */
  readonly exposeReason?: ExposedReason;
}

/** As of the SDK's adapters: the status alone; the code, what it means and its page; besides these the verdict's own message. */
export type ExposedReason = "none" | "code" | "message";

type Reader = (values: readonly string[], name: string) => ForwardAuthOptions;

/** The options by their name. Types are read here, bounds are checked where every verification's are. Add an option here. */
const readers: Readonly<Record<string, Reader>> = {
  // Apart by spaces, as in OAuth: a comma may be part of a scope.
  scopes: (values) => ({ scopes: values.flatMap((value) => value.split(" ")).filter((scope) => scope !== "") }),
  environment: (values, name) => ({ environment: environmentOf(one(values, name)) }),
  api: (values, name) => ({ api: one(values, name) }),
  cost: (values, name) => ({ cost: wholeNumber(one(values, name)) }),
  tags: (values) => ({ tags: values }),
  expose_reason: (values, name) => ({ exposeReason: exposedReasonOf(one(values, name)) }),
  ip_header: (values, name) => ({ ipHeader: headerName(one(values, name)) }),
};

/** A gateway has few locations, and each sends the same text with every request. */
const remembered = new LRUCache<string, ForwardAuthOptions>({ max: 1_000 });

/**
 * Reads the options of a gateway.
 *
 * @param query the text behind the `?`.
 * @throws BadUserInputError naming what is wrong: an option that is not understood must not count as not given.
 */
export function readForwardAuthOptions(query: string): ForwardAuthOptions {
  let options = remembered.get(query);
  if (!options) {
    options = parse(new URLSearchParams(query));
    remembered.set(query, options);
  }
  return options;
}

function parse(query: URLSearchParams): ForwardAuthOptions {
  const options: ForwardAuthOptions = {};
  for (const name of new Set(query.keys())) {
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (!reader) {
      const known = Object.keys(readers).join(", ");
      throw new BadUserInputError(
        `There is no option ${JSON.stringify(name.slice(0, 40))}. Leave it out; there are ${known}.`,
      );
    }
    Object.assign(options, reader(query.getAll(name), name));
  }
  return options;
}

function one(values: readonly string[], name: string): string {
  const [value] = values;
  if (values.length === 1 && value) return value;
  throw new BadUserInputError(`Give the option ${name} once, with a value.`);
}

function environmentOf(value: string): "LIVE" | "TEST" {
  if (value === "LIVE" || value === "TEST") return value;
  throw new BadUserInputError("The option environment is LIVE or TEST.");
}

function exposedReasonOf(value: string): ExposedReason {
  if (value === "none" || value === "code" || value === "message") return value;
  throw new BadUserInputError("The option expose_reason is none, code or message.");
}

function wholeNumber(value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new BadUserInputError("The option cost is a whole number.");
}

function headerName(value: string): string {
  if (/^[\w-]{1,64}$/.test(value)) return value.toLowerCase();
  throw new BadUserInputError("The option ip_header is the name of a header, e.g. x-real-ip.");
}
