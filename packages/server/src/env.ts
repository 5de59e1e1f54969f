import { isCidrOrAddress } from "@keyplane/schema";
import type { WithoutRedis } from "./modules/limits/index.js";
import type { Retention } from "./modules/usage/index.js";
import { parseDurations } from "./platform/durations.js";
import { type LogLevel, logLevels } from "./platform/logger.js";
import { readScannerKeys, type ScannerKeys } from "./platform/scanner-keys.js";

/** The settings of the server, read once from the environment. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly publicUrl: string | null;
  readonly dataDir: string;
  readonly rootToken: string | null;
  readonly databaseUrl: string | null;
  readonly encryptionKey: Buffer | null;
  /** For how long a key signs, in milliseconds. */
  readonly signingKeyMs: number;
  readonly logLevel: LogLevel;
  readonly smtpUrl: string | null;
  readonly mailFrom: string;
  readonly maxCachedKeys: number;
  /** The addresses of reverse proxies; true: whoever connects is one. */
  readonly trustProxy: boolean | readonly string[];
  readonly unknownTokensPerMinute: number;
  readonly unknownKeysPerMinute: number;
  /** Also mistyped ones, of one address, in a minute. */
  readonly unknownKeysPerAddress: number;
  /** How often integrity is checked, in milliseconds; null: never by itself. */
  readonly integrityMs: number | null;
  readonly maxQuarantinedKeys: number;
  readonly allowPrivateIssuers: boolean;
  readonly allowPrivateWebhooks: boolean;
  readonly mongodbUrl: string | null;
  readonly redisUrl: string | null;
  /** What happens to calls under rate limits while Redis is away. */
  readonly withoutRedis: WithoutRedis;
  readonly recordVerifications: boolean;
  readonly maxSpoolBytes: number;
  readonly usageRetention: Retention;
  readonly eventRetentionMs: number;
  readonly expiryReminders: readonly number[];
  readonly rotationReminders: readonly number[];
  /** Who may report leaked keys at /v1/secret-scanning; null: nobody. */
  readonly secretScanningKeys: ScannerKeys | null;
}

interface Variable<Value> {
  readonly description: string;
  /** What it is when it is not set, as a person would write it. */
  readonly fallback: string;
  /** What it wants, for the sentence that refuses a value. */
  readonly wants: string;
  /** Never shown, in a refusal neither. */
  readonly secret?: true;
  /** The value; undefined when the text is not one. */
  parse(text: string): Value | undefined;
  /** The value when the variable is not set or empty. */
  readonly absent: Value;
}

const dayMs = 24 * 60 * 60_000;

const integer = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= min && value <= max ? value : undefined;
};

const isUrl = (text: string, protocols: readonly string[]): boolean =>
  URL.canParse(text) && protocols.includes(new URL(text).protocol);

/** Every variable that the server reads. Add it here: `--help` and docs/reference/configuration.md follow. */
export const variables = {
  PORT: {
    description: "The port to listen on; 0 takes any free one.",
    fallback: "4000",
    wants: "a whole number from 0 to 65535",
    parse: integer(0, 65_535),
    absent: 4000,
  },
  HOST: {
    description: "The address to listen on. 0.0.0.0 or :: lets other machines in; put TLS before it.",
    fallback: "127.0.0.1",
    wants: "an address or host name without spaces",
    parse: (text) => (/^[\w.:-]+$/.test(text) ? text : undefined),
    absent: "127.0.0.1",
  },
  KEYPLANE_PUBLIC_URL: {
    description:
      "The address by which people and programs reach this server, without a path: the issuer of its tokens, and where its links and the pages about codes are, also for the callers of your APIs. Set the same one for all servers of one DATABASE_URL.",
    fallback: "http://, HOST and PORT",
    wants: "https://keyplane.example.com, or http:// for trying out",
    parse: parseOrigin,
    absent: null as string | null,
  },
  KEYPLANE_DATA_DIR: {
    description: "The folder of the embedded database and of generated secrets. One server at a time.",
    fallback: ".keyplane",
    wants: "the path of a folder",
    parse: (text) => (text.includes("\0") ? undefined : text),
    absent: ".keyplane",
  },
  KEYPLANE_ROOT_TOKEN: {
    description:
      "The first management token: ADMIN of the whole installation. Changing it replaces the old one. Without it, one is generated at the first start and printed once.",
    fallback: "generated",
    wants: "at least 8 printable ASCII characters without spaces; take 32 random ones or more",
    secret: true,
    parse: (text) => (/^[\x21-\x7e]{8,512}$/.test(text) ? text : undefined),
    absent: null as string | null,
  },
  DATABASE_URL: {
    description: "A served PostgreSQL 14 or newer, instead of the embedded database.",
    fallback: "the embedded database",
    wants: "postgresql://user:password@host:5432/database",
    secret: true,
    parse: (text) => (isUrl(text, ["postgres:", "postgresql:"]) ? text : undefined),
    absent: null as string | null,
  },
  KEYPLANE_ENCRYPTION_KEY: {
    description:
      "32 bytes in hexadecimal or base64 that seal what is kept for retries, signing keys and mails that wait. Without it, one is generated in the data folder. Set the same one for all servers of one DATABASE_URL.",
    fallback: "generated",
    wants: "32 bytes as 64 hexadecimal digits or 44 base64 characters, e.g. from: openssl rand -hex 32",
    secret: true,
    parse: parseKeyBytes,
    absent: null as Buffer | null,
  },
  KEYPLANE_SIGNING_KEY_DAYS: {
    description:
      "For how many days a key signs tokens. Its successor is published an hour before, and its public key stays until its tokens have expired.",
    fallback: "30",
    wants: "a whole number from 1 to 3650",
    parse: integer(1, 3_650),
    absent: 30,
  },
  KEYPLANE_SMTP_URL: {
    description:
      "The mail server by which people get links to set their passwords. Without it, each mail becomes a file below KEYPLANE_DATA_DIR/mail, and the log says which.",
    fallback: "files in the data folder",
    wants: "smtp://user:password@host:587, or smtps:// for TLS from the start",
    secret: true,
    parse: (text) => (isUrl(text, ["smtp:", "smtps:"]) && new URL(text).hostname !== "" ? text : undefined),
    absent: null as string | null,
  },
  KEYPLANE_MAIL_FROM: {
    description: "The sender of mails.",
    fallback: "Keyplane <keyplane@localhost>",
    wants: "an address such as keyplane@example.com, or Keyplane <keyplane@example.com>",
    parse: (text) =>
      /^(?:[^<>\p{C}]{0,100}<[^\s<>@]{1,64}@[^\s<>@]{1,255}>|[^\s<>@]{1,64}@[^\s<>@]{1,255})$/u.test(text)
        ? text
        : undefined,
    absent: "Keyplane <keyplane@localhost>",
  },
  KEYPLANE_LOG_LEVEL: {
    description: "How much is logged, as JSON lines on standard output.",
    fallback: "info",
    wants: `one of ${logLevels.join(", ")}`,
    parse: (text) => logLevels.find((level) => level === text),
    absent: "info" satisfies LogLevel,
  },
  KEYPLANE_MAX_CACHED_KEYS: {
    description: "How many keys are kept in memory for verification; about 1 KB each and their metadata.",
    fallback: "200000",
    wants: "a whole number from 1000 to 10000000",
    parse: integer(1_000, 10_000_000),
    absent: 200_000,
  },
  KEYPLANE_TRUST_PROXY: {
    description:
      "The addresses of your reverse proxies: the caller's address is then what they say in X-Forwarded-For, read from its end. true trusts whoever connects; only where nobody but the proxy can.",
    fallback: "false",
    wants: "up to 100 addresses or ranges such as 10.0.0.0/8,2001:db8::1, or true or false",
    parse: parseProxies,
    absent: false,
  },
  KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: {
    description:
      "How many management tokens that there are not one address may try in a minute; an IPv6 network of 64 bits counts as one. Tokens that the server knows are never held up.",
    fallback: "60",
    wants: "a whole number from 1 to 1000000",
    parse: integer(1, 1_000_000),
    absent: 60,
  },
  KEYPLANE_UNKNOWN_KEYS_PER_MINUTE: {
    description:
      "How many keys that there are not one management token may have looked up in a minute. Keys in memory are verified all the same, and what cannot be a key costs nothing.",
    fallback: "6000",
    wants: "a whole number from 1 to 100000000",
    parse: integer(1, 100_000_000),
    absent: 6_000,
  },
  KEYPLANE_UNKNOWN_KEYS_PER_ADDRESS: {
    description:
      "How many unknown or mistyped keys one address may present in a minute, as far as a verifier passes its callers' addresses; an IPv6 network of 64 bits counts as one. It is slowed then, and refused for five minutes when it goes on. Keys in memory are verified all the same.",
    fallback: "60",
    wants: "a whole number from 1 to 1000000",
    parse: integer(1, 1_000_000),
    absent: 60,
  },
  KEYPLANE_INTEGRITY_HOURS: {
    description:
      "How often the database is checked for rows that contradict themselves or were changed past Keyplane, in hours; 0: never by itself. One of all servers of one DATABASE_URL does it.",
    fallback: "24",
    wants: "a whole number from 0 to 8760",
    parse: integer(0, 8_760),
    absent: 24,
  },
  KEYPLANE_INTEGRITY_MAX_QUARANTINED: {
    description:
      "How many keys one integrity check quarantines at most: more are only reported, because a mistake that concerns all keys must not refuse all of them.",
    fallback: "100",
    wants: "a whole number from 0 to 1000000",
    parse: integer(0, 1_000_000),
    absent: 100,
  },
  KEYPLANE_ALLOW_PRIVATE_ISSUERS: {
    description:
      "true: external issuers may be trusted at any address, within private networks and without https. For development and tests only: whoever may trust an issuer can then make the server ask what only it can reach.",
    fallback: "false",
    wants: "true or false",
    parse: (text) => (text === "true" ? true : text === "false" ? false : undefined),
    absent: false,
  },
  KEYPLANE_ALLOW_PRIVATE_WEBHOOKS: {
    description:
      "true: webhooks may lead to any address, within private networks and without https. For development, and where every receiver is on your own network: whoever may create a webhook can then make the server send to what only it can reach.",
    fallback: "false",
    wants: "true or false",
    parse: (text) => (text === "true" ? true : text === "false" ? false : undefined),
    absent: false,
  },
  MONGODB_URL: {
    description:
      "A served MongoDB 4.4 or newer for usage, instead of the embedded one; the path names the database. Several servers of one DATABASE_URL need a shared one.",
    fallback: "the embedded MongoDB-compatible store",
    wants: "mongodb://user:password@host:27017/keyplane, or mongodb+srv://",
    secret: true,
    parse: (text) => (/^mongodb(\+srv)?:\/\/[^\s/]+/.test(text) ? text : undefined),
    absent: null as string | null,
  },
  REDIS_URL: {
    description:
      "A Redis 6 or newer, or what speaks its protocol, in which all servers count rate limits together. Without it, each server counts for itself. Quotas need none.",
    fallback: "each server's memory",
    wants: "redis://user:password@host:6379/0, or rediss:// for TLS",
    secret: true,
    parse: (text) => (isUrl(text, ["redis:", "rediss:"]) && new URL(text).hostname !== "" ? text : undefined),
    absent: null as string | null,
  },
  KEYPLANE_RATE_LIMITS_WITHOUT_REDIS: {
    description:
      "What happens to calls under rate limits while REDIS_URL does not answer. local: each server counts for itself. allow: they are let in uncounted. refuse: they are refused with RATE_LIMITED.",
    fallback: "local",
    wants: "local, allow or refuse",
    parse: (text) => (["local", "allow", "refuse"] as const).find((each) => each === text),
    absent: "local" satisfies WithoutRedis,
  },
  KEYPLANE_EVENTS_DAYS: {
    description:
      "For how many days events of keys are kept: how long a reader of keyEvents may be away without reading all keys again.",
    fallback: "7",
    wants: "a whole number from 1 to 3650",
    parse: integer(1, 3_650),
    absent: 7,
  },
  KEYPLANE_EXPIRY_REMINDERS: {
    description:
      "How long before a key expires an EXPIRING event reminds of it: durations in days, hours, minutes or seconds. none: never. Counts for what is set from then on.",
    fallback: "7d,1d",
    wants: "up to 10 durations such as 7d,1d or 12h, of at most 3650 days, or none",
    parse: (text) => (text === "none" ? [] : parseDurations(text, { most: 10, maxMs: 3_650 * dayMs })),
    absent: [7 * dayMs, dayMs],
  },
  KEYPLANE_ROTATION_REMINDERS: {
    description:
      "How long before a key has to be rotated a ROTATION_DUE event reminds of it: durations in days, hours, minutes or seconds. none: never. Counts for what is planned from then on.",
    fallback: "30d,7d,1d",
    wants: "up to 10 durations such as 7d,1d or 12h, of at most 3650 days, or none",
    parse: (text) => (text === "none" ? [] : parseDurations(text, { most: 10, maxMs: 3_650 * dayMs })),
    absent: [30 * dayMs, 7 * dayMs, dayMs],
  },
  KEYPLANE_SECRET_SCANNING_KEYS: {
    description:
      "The public keys by which GitHub's secret scanning signs what it sends to /v1/secret-scanning, as https://api.github.com/meta/public_keys/secret_scanning answers them. They are never fetched. Without them, the address takes nothing.",
    fallback: "none",
    wants: "the JSON of that address, or the path of a file with it; keys of ECDSA on P-256",
    parse: readScannerKeys,
    absent: null as ScannerKeys | null,
  },
  KEYPLANE_RECORD_VERIFICATIONS: {
    description: "false: verifications leave no usage; what applications report with recordUsage still does.",
    fallback: "true",
    wants: "true or false",
    parse: (text) => (text === "true" ? true : text === "false" ? false : undefined),
    absent: true,
  },
  KEYPLANE_USAGE_SPOOL_BYTES: {
    description:
      "How much usage may wait on disk, in the data folder, while MongoDB is away; about 300 bytes a call. When it is full, usage of verifications is lost and counted as such, and reports are refused.",
    fallback: "1073741824",
    wants: "a whole number from 1048576 to 1099511627776",
    parse: integer(1_048_576, 1_099_511_627_776),
    absent: 1_073_741_824,
  },
  KEYPLANE_USAGE_EVENTS_DAYS: {
    description: "For how many days single calls are kept: the call log and refused attempts.",
    fallback: "30",
    // Copies are told by single calls: two days more than the day that a report may be late, for what waits in the spool.
    wants: "a whole number from 3 to 3650",
    parse: integer(3, 3_650),
    absent: 30,
  },
  KEYPLANE_USAGE_MINUTES_DAYS: {
    description: "For how many days counts are kept by the minute.",
    fallback: "7",
    wants: "a whole number from 1 to 3650",
    parse: integer(1, 3_650),
    absent: 7,
  },
  KEYPLANE_USAGE_HOURS_DAYS: {
    description:
      "For how many days counts are kept by the quarter of an hour: as long as hours, days and months of any time zone can be asked for. Set it to as long as a bill may have to be repeated.",
    fallback: "90",
    wants: "a whole number from 1 to 3650",
    parse: integer(1, 3_650),
    absent: 90,
  },
  KEYPLANE_USAGE_DAYS_DAYS: {
    description: "For how many days counts are kept by the day, in UTC.",
    fallback: "1825",
    // MongoDB counts the age of documents in seconds that fit 31 bits.
    wants: "a whole number from 1 to 24000",
    parse: integer(1, 24_000),
    absent: 1_825,
  },
} satisfies Record<string, Variable<unknown>>;

function parseProxies(text: string): boolean | readonly string[] | undefined {
  if (text === "true" || text === "false") return text === "true";
  const list = text.split(",").map((entry) => entry.trim());
  return list.length <= 100 && list.every(isCidrOrAddress) ? list : undefined;
}

/** An origin, without the slash that a person may have added. */
function parseOrigin(text: string): string | undefined {
  if (!isUrl(text, ["http:", "https:"])) return undefined;
  const { origin, href, username } = new URL(text);
  return username === "" && href === `${origin}/` ? origin : undefined;
}

function parseKeyBytes(text: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, "hex");
  const bytes = Buffer.from(text, "base64");
  return /^[A-Za-z0-9+/]{43}=$/.test(text) && bytes.length === 32 ? bytes : undefined;
}

/** What is wrong with the environment: a line for every variable. */
export class EnvironmentError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(
      `The configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n${problems.map((problem) => `  ${problem}`).join("\n")}\nRun with --help to see all variables.`,
    );
  }
}

/**
 * Reads the settings.
 *
 * @throws EnvironmentError naming every variable that is wrong, at once.
 */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = [];
  function read<Value>(name: keyof typeof variables): Value {
    const variable: Variable<unknown> = variables[name];
    const text = environment[name]?.trim();
    if (!text) return variable.absent as Value;
    const value = variable.parse(text);
    if (value === undefined) {
      const got = variable.secret ? `${text.length} characters (not shown)` : JSON.stringify(text);
      problems.push(`${name} is ${got}; it must be ${variable.wants}.`);
    }
    return value as Value;
  }
  const settings: Settings = {
    port: read("PORT"),
    host: read("HOST"),
    publicUrl: read("KEYPLANE_PUBLIC_URL"),
    dataDir: read("KEYPLANE_DATA_DIR"),
    rootToken: read("KEYPLANE_ROOT_TOKEN"),
    databaseUrl: read("DATABASE_URL"),
    encryptionKey: read("KEYPLANE_ENCRYPTION_KEY"),
    signingKeyMs: read<number>("KEYPLANE_SIGNING_KEY_DAYS") * dayMs,
    logLevel: read("KEYPLANE_LOG_LEVEL"),
    smtpUrl: read("KEYPLANE_SMTP_URL"),
    mailFrom: read("KEYPLANE_MAIL_FROM"),
    maxCachedKeys: read("KEYPLANE_MAX_CACHED_KEYS"),
    trustProxy: read("KEYPLANE_TRUST_PROXY"),
    unknownTokensPerMinute: read("KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE"),
    unknownKeysPerMinute: read("KEYPLANE_UNKNOWN_KEYS_PER_MINUTE"),
    unknownKeysPerAddress: read("KEYPLANE_UNKNOWN_KEYS_PER_ADDRESS"),
    integrityMs: read<number>("KEYPLANE_INTEGRITY_HOURS") * 60 * 60_000 || null,
    maxQuarantinedKeys: read("KEYPLANE_INTEGRITY_MAX_QUARANTINED"),
    allowPrivateIssuers: read("KEYPLANE_ALLOW_PRIVATE_ISSUERS"),
    allowPrivateWebhooks: read("KEYPLANE_ALLOW_PRIVATE_WEBHOOKS"),
    mongodbUrl: read("MONGODB_URL"),
    redisUrl: read("REDIS_URL"),
    withoutRedis: read("KEYPLANE_RATE_LIMITS_WITHOUT_REDIS"),
    recordVerifications: read("KEYPLANE_RECORD_VERIFICATIONS"),
    maxSpoolBytes: read("KEYPLANE_USAGE_SPOOL_BYTES"),
    usageRetention: {
      rawMs: read<number>("KEYPLANE_USAGE_EVENTS_DAYS") * dayMs,
      minutesMs: read<number>("KEYPLANE_USAGE_MINUTES_DAYS") * dayMs,
      hoursMs: read<number>("KEYPLANE_USAGE_HOURS_DAYS") * dayMs,
      daysMs: read<number>("KEYPLANE_USAGE_DAYS_DAYS") * dayMs,
    },
    eventRetentionMs: read<number>("KEYPLANE_EVENTS_DAYS") * dayMs,
    expiryReminders: read("KEYPLANE_EXPIRY_REMINDERS"),
    rotationReminders: read("KEYPLANE_ROTATION_REMINDERS"),
    secretScanningKeys: read("KEYPLANE_SECRET_SCANNING_KEYS"),
  };
  if (problems.length > 0) throw new EnvironmentError(problems);
  return settings;
}

/** Set variables that look like ours and are not: most likely misspelt. Those of the SDK may stand in the same shell. */
export function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const ofSdk = ["KEYPLANE_URL", "KEYPLANE_TOKEN"];
  return Object.keys(environment).filter(
    (name) => name.startsWith("KEYPLANE_") && !(name in variables) && !ofSdk.includes(name),
  );
}

/** The text of `--help`. */
export function helpText(): string {
  const rows = Object.entries(variables).map(
    ([name, variable]) => `  ${name}\n      ${variable.description}\n      Default: ${variable.fallback}.`,
  );
  return `Keyplane: a self-hosted control plane for API keys.

Usage: npm start [-- --help | --version]

Configuration is by environment variables:

${rows.join("\n\n")}
`;
}
