import { apiLabelPattern, apiLabelWords } from "@keyplane/schema";
import type { MeterInput, UsageEventInput } from "../_generated/schema-types.js";
import { createUuid } from "../client/uuid.js";
import type { VerdictCode } from "../open-enums.js";

/** One call of your API, as `usage.record` takes it. What is left out is not known. */
export interface UsageRecord extends Omit<UsageEventInput, "id" | "at" | "code"> {
  /**
   * Your own id of the call, 1 to 64 printable ASCII characters: recorded again, even by another process, it changes no
   * count. Default: a new UUID.
   */
  readonly id?: string | null | undefined;
  /** When it happened: at most 24 hours ago. Default: now. */
  readonly at?: Date | string | null | undefined;
  /** The outcome; a verdict's `code` fits. Default: VALID. */
  readonly code?: VerdictCode | null | undefined;
}

/** A call that is complete: with an id and a time, so that it can be sent as often as it takes. */
export interface CompleteRecord {
  readonly event: UsageEventInput;
  /** When it happened, epoch milliseconds. */
  readonly at: number;
}

/** A call that is described when somebody looks at it: for whoever records many, and knows that nothing is wrong with them. */
export class LateRecord implements CompleteRecord {
  readonly at: number;
  readonly #describe: () => Omit<UsageEventInput, "id" | "at">;
  #event: UsageEventInput | undefined;

  constructor(at: number, describe: () => Omit<UsageEventInput, "id" | "at">) {
    this.at = at;
    this.#describe = describe;
  }

  /** Always the same, and its id with it. */
  get event(): UsageEventInput {
    this.#event ??= { id: createUuid(), at: new Date(this.at).toISOString(), ...this.#describe() };
    return this.#event;
  }
}

/** After this age, in milliseconds, a server takes a call no longer: it could not tell copies of it any more. */
export const maxAgeMs: number = 24 * 60 * 60_000;
/** A clock may be wrong; a call that is further ahead than this, in milliseconds, has a wrong time. */
const maxAheadMs = 24 * 60 * 60_000;

/**
 * Completes a call, and refuses what the server would refuse for its form alone. Cheap: no more than looking at each
 * value once. The copy has nothing that the caller could change later.
 *
 * @throws UsageRecordError that names the field and says what to do.
 */
export function completeRecord(record: UsageRecord, now: number): CompleteRecord {
  if (typeof record !== "object" || record === null) throw new UsageRecordError("Give a call as an object.");
  const event: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(record)) {
    if (value === undefined || value === null) continue;
    const rule = Object.hasOwn(rules, field) ? rules[field as keyof typeof rules] : undefined;
    // The server would refuse the whole batch for it.
    if (!rule) throw new UsageRecordError(`${field}: There is no such field. Remove it.`);
    event[field] = rule(value as never, field);
  }
  const at = event["at"] === undefined ? now : Number(event["at"]);
  if (at < now - maxAgeMs) throw new UsageRecordError("at: This is more than 24 hours ago; usage counts within a day.");
  if (at > now + maxAheadMs)
    throw new UsageRecordError("at: This is more than a day ahead. Give the time of the call.");
  const ownId = event["id"] as string | undefined; // as its rule has found
  return { event: { ...event, id: ownId ?? createUuid(), at: new Date(at).toISOString() }, at };
}

/** What is wrong with a call that was to be recorded. */
export class UsageRecordError extends Error {}

type Rule<Value> = (value: Value, field: string) => unknown;

function matching(pattern: RegExp, words: string): Rule<unknown> {
  return (value, field) => {
    if (typeof value !== "string" || !pattern.test(value)) throw new UsageRecordError(`${field}: ${words}`);
    return value;
  };
}

function numberWithin(highest: number, whole: boolean, words: string): Rule<unknown> {
  return (value, field) => {
    const fits = typeof value === "number" && value >= 0 && value <= highest && (!whole || Number.isInteger(value));
    if (!fits) throw new UsageRecordError(`${field}: ${words}`);
    return value;
  };
}

const name = matching(
  /^[a-z][a-z0-9_]{0,31}$/,
  "Name a meter with a lower-case letter and up to 31 of a-z, 0-9 and _.",
);
const quantity = numberWithin(1_000_000_000_000, true, "Give a whole number, 0 to 1000000000000.");
const tag: Rule<unknown> = (value, field) => {
  const fits = typeof value === "string" && value !== "" && value.length <= 64 && ![...value].some(isControl);
  if (!fits) throw new UsageRecordError(`${field}: Give tags of 1 to 64 characters, without control characters.`);
  return value;
};
const id = matching(/^[\x21-\x7e]{1,64}$/, "Give 1 to 64 printable ASCII characters.");

function isControl(character: string): boolean {
  return character < " " || character === "\u007f";
}

function list(value: unknown, field: string, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new UsageRecordError(`${field}: Give at most ${most}.`);
  return value;
}

/** The server's own rules, as `packages/server/src/modules/usage/` has them. Change both. */
const rules = {
  id,
  keyId: id,
  tenantId: id,
  at: (value: Date | string, field) => {
    const at = value instanceof Date ? value.getTime() : typeof value === "string" ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(at)) throw new UsageRecordError(`${field}: Give a Date, or a time as RFC 3339 writes it.`);
    return at;
  },
  // Any that may be one: the server may know more of them than this version.
  code: matching(/^[A-Z][A-Z_]{0,63}$/, "Give the code of a verdict, e.g. VALID."),
  api: matching(apiLabelPattern, `Give ${apiLabelWords}.`),
  cost: numberWithin(1_000_000, true, "Give a whole number, 0 to 1000000."),
  latencyMs: numberWithin(86_400_000, false, "Give milliseconds, 0 to a day."),
  ip: matching(/^[\s\S]{0,64}$/, "Give one address, e.g. 203.0.113.7."),
  start: matching(/^[A-Za-z0-9_]{1,24}$/, "Give only the visible start of a key, e.g. kp_live_3fQz; never the key."),
  // Cut and not refused: it is your caller who writes it.
  userAgent: (value: unknown, field) => String(matching(/^/, "Give a text.")(value, field)).slice(0, 256),
  tags: (value: readonly string[], field) => list(value, field, 20).map((each) => tag(each, field)),
  meters: (value: readonly MeterInput[], field) => {
    const meters = (list(value, field, 10) as readonly MeterInput[]).map((meter) => ({
      name: name(meter.name, field),
      value: quantity(meter.value, field),
    }));
    const names = new Set(meters.map((meter) => meter.name));
    if (names.size < meters.length) throw new UsageRecordError(`${field}: Name each meter once.`);
    return meters;
  },
} satisfies Record<keyof UsageEventInput, Rule<never>>;
