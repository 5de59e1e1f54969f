import { UsageError } from "./exit-codes.js";

/** An option of a command, and how its text is read. */
export interface Option<Value> {
  /** What stands for its value in the help; undefined for one without a value. */
  readonly placeholder?: string | undefined;
  readonly description: string;
  /** The only values that there are, as they are typed. */
  readonly choices?: readonly string[] | undefined;
  readonly isRequired?: boolean;
  /** The texts that were given, in their order; none where the option was left out. @throws UsageError */
  readonly read: (texts: readonly string[]) => Value;
}

const last = (texts: readonly string[]): string | undefined => texts.at(-1);

function single<Value>(
  placeholder: string,
  description: string,
  parse: (text: string) => Value,
  choices?: readonly string[],
): Option<Value | undefined> {
  const read = (texts: readonly string[]): Value | undefined => {
    const text = last(texts);
    return text === undefined ? undefined : parse(text);
  };
  return { placeholder, description, choices, read };
}

/** A text. */
export function text(placeholder: string, description: string): Option<string | undefined> {
  return single(placeholder, description, (given) => given);
}

/** One that must be given. */
export function required<Value>(option: Option<Value | undefined>): Option<Value> {
  return { ...option, isRequired: true, read: (texts) => option.read(texts) as Value };
}

/** Yes when it is there. */
export function flag(description: string): Option<boolean> {
  return { description, read: (texts) => texts.length > 0 };
}

function itemsOf(texts: readonly string[]): readonly string[] {
  return texts
    .flatMap((given) => given.split(","))
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Several texts, and at least one: separated by commas, or by repeating the option. */
export function list(placeholder: string, description: string): Option<readonly string[] | undefined> {
  const read = (texts: readonly string[]): readonly string[] | undefined => {
    if (texts.length === 0) return undefined;
    const items = itemsOf(texts);
    if (items.length > 0) return items;
    // Mostly a variable of a script that was not set: to take it as "none" could take everything away, or mean all.
    throw new UsageError("It is empty. Give at least one, or leave the option out.");
  };
  return { placeholder: `${placeholder},…`, description, read };
}

/** The same where nothing at all can be meant, by an empty text. */
export function listOrNone(placeholder: string, description: string): Option<readonly string[] | undefined> {
  const read = (texts: readonly string[]) => (texts.length === 0 ? undefined : itemsOf(texts));
  return { placeholder: `${placeholder},…`, description: `${description} An empty text: none.`, read };
}

/**
 * One that can also be a word that says that there is nothing: null then, or another value.
 *
 * @param word such as `none`.
 */
export function orWord<Value>(word: string, option: Option<Value | undefined>): Option<Value | null | undefined>;
export function orWord<Value, Meant>(word: string, option: Option<Value>, meant: Meant): Option<Value | Meant>;
export function orWord<Value>(word: string, option: Option<Value>, meant: unknown = null): Option<unknown> {
  const read = (texts: readonly string[]): unknown => (last(texts) === word ? meant : option.read(texts));
  return { ...option, placeholder: `${option.placeholder}|${word}`, read };
}

/** How a value of an enum is typed: `TENANT_SUSPENDED` as `tenant-suspended`. */
export function typed(value: string): string {
  return value.toLowerCase().replaceAll(/[_:]/g, "-");
}

function oneOf<Value extends string>(values: readonly Value[], given: string): Value {
  const value = values.find((each) => typed(each) === typed(given));
  if (value !== undefined) return value;
  throw new UsageError(`${JSON.stringify(given)} is none of ${values.map(typed).join(", ")}.`);
}

/** One value of an enum: a list of them, or the registry whose names they are. Very many have a placeholder in the help. */
export function choice<const Value extends string>(
  among: readonly Value[] | Readonly<Record<Value, unknown>>,
  description: string,
  placeholder?: string,
): Option<Value | undefined> {
  const values = Array.isArray(among) ? (among as readonly Value[]) : (Object.keys(among) as Value[]);
  const texts = values.map(typed);
  return single(placeholder ?? texts.join("|"), description, (given) => oneOf(values, given), texts);
}

/** Several values of an enum. */
export function choices<const Value extends string>(
  placeholder: string,
  values: readonly Value[],
  description: string,
): Option<readonly Value[] | undefined> {
  const texts = list(placeholder, description);
  return {
    ...texts,
    choices: values.map(typed),
    read: (given) => texts.read(given)?.map((each) => oneOf(values, each)),
  };
}

/** A whole number within limits. */
export function whole(
  placeholder: string,
  description: string,
  lowest: number,
  highest: number,
): Option<number | undefined> {
  return single(placeholder, description, (given) => {
    const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
    if (value >= lowest && value <= highest) return value;
    throw new UsageError(`${JSON.stringify(given)} is no whole number from ${lowest} to ${highest}.`);
  });
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A duration such as `90s`, `15m`, `24h`, `7d`, `2w`, in milliseconds. */
export function duration(description: string): Option<number | undefined> {
  return single("duration", description, durationOf);
}

/** Reads whatever `typedDuration` writes, but `none`. @throws UsageError also for one that is no exact number of milliseconds. */
export function durationOf(given: string): number {
  const [, number, unit = ""] = /^(\d{1,16})(ms|[smhdw])$/.exec(given) ?? [];
  const ms = Number(number) * (units[unit] ?? Number.NaN);
  if (ms > 0 && Number.isSafeInteger(ms)) return ms;
  throw new UsageError(`${JSON.stringify(given)} is no duration. Write one such as 90s, 15m, 24h, 7d or 2w.`);
}

/**
 * A number of milliseconds as a duration is typed: 86400000 as `1d`. In the largest unit of which it is a whole number, but never weeks,
 * because people say 90 days. 0 is `none`.
 */
export function typedDuration(ms: number): string {
  if (ms === 0) return "none";
  const fitting = Object.entries(units).filter(([unit, length]) => unit !== "w" && ms % length === 0);
  const [unit, length] = fitting.at(-1) ?? ["ms", 1];
  return `${ms / length}${unit}`;
}

/** A point in time: ISO 8601, a day alone being its beginning in UTC. */
export function time(description: string): Option<string | undefined> {
  return single("time", description, timeOf);
}

/** @throws UsageError */
export function timeOf(given: string): string {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(given);
  // Without an offset a time would mean another moment on every machine.
  const isMoment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(given);
  const ms = isDay || isMoment ? Date.parse(given) : Number.NaN;
  if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  throw new UsageError(`${JSON.stringify(given)} is no time. Write 2026-12-31, or 2026-12-31T18:00:00+01:00.`);
}

/** JSON, such as metadata. */
export function json(description: string): Option<Record<string, unknown> | undefined> {
  return single("json", description, (given) => {
    try {
      const value: unknown = JSON.parse(given);
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    } catch {
      // not JSON, so said below
    }
    throw new UsageError(`${given} is no JSON object.`);
  });
}

/** What every list takes. */
export const listing = {
  limit: whole("number", "How many to show, 1 to 100. Default: 20.", 1, 100),
  after: text("cursor", "Go on behind this place, which the page before names."),
  all: flag("Everything, page by page; with --json a line of JSON for each."),
} as const;

/** What every command that takes something away takes. */
export const yes = { yes: flag("Do not ask. Without a terminal nobody can be asked, so scripts need it.") } as const;
