/** An event as `recordUsage` takes it, with what is known of it beside. */
export interface SentEvent {
  readonly input: Readonly<Record<string, unknown>> & { readonly id: string };
  readonly at: number;
  readonly keyId: string;
  readonly userId: string;
  readonly code: string;
  readonly api: string;
  readonly tags: readonly string[];
  readonly cost: number;
  readonly tokens: number;
}

const codes = ["VALID", "VALID", "VALID", "VALID", "REVOKED", "INSUFFICIENT_SCOPE", "RATE_LIMITED"];
const apis = ["orders/v1", "orders/v2", "search"];
const tagSets = [[], [], ["eu"], ["us", "beta"], ["eu", "beta"]];
const lateMs = 20 * 3_600_000;

/** Events of the last 20 hours whose every property follows from their number, so that a count of them is known. */
export function drawEvents(
  count: number,
  keys: readonly { readonly keyId: string; readonly userId: string }[],
  now: number,
): SentEvent[] {
  // Each property has a period of its own, and none divides another's: all combinations occur.
  const pick = <Value>(values: readonly Value[], number: number): Value => values[number % values.length] as Value;
  return Array.from({ length: count }, (_, number) => {
    const { keyId, userId } = pick(keys, Math.floor(number / 11));
    const code = pick(codes, Math.floor(number / 5));
    const api = pick(apis, Math.floor(number / 13));
    const tags = pick(tagSets, Math.floor(number / 17));
    const at = now - ((number * 7_919) % lateMs);
    const cost = code === "VALID" ? (number % 4) + 1 : 0;
    const tokens = code === "VALID" && number % 3 === 0 ? number % 1_000 : 0;
    const input = {
      id: `event-${number}`,
      at: new Date(at).toISOString(),
      keyId,
      code,
      api,
      cost: (number % 4) + 1,
      ...(tags.length > 0 ? { tags } : {}),
      ...(number % 3 === 0 ? { meters: [{ name: "tokens", value: number % 1_000 }] } : {}),
    };
    return { input, at, keyId, userId, code, api, tags, cost, tokens };
  });
}

/** What a report says of one series: the numbers by bucket. */
export interface Numbers {
  readonly count: number[];
  readonly cost: number[];
  readonly tokens: number[];
}

type Dimension = "KEY" | "USER" | "API" | "CODE" | "TAG";

/** The groups that an event counts in; one without tags counts as without a tag. */
function groupsOf(event: SentEvent, groupBy: readonly Dimension[]): string[] {
  const tags = groupBy.includes("TAG") ? (event.tags.length > 0 ? event.tags : [null]) : [null];
  return tags.map((tag) =>
    JSON.stringify(
      groupBy.map((by) => ({ KEY: event.keyId, USER: event.userId, API: event.api, CODE: event.code, TAG: tag })[by]),
    ),
  );
}

/** Counts one event after the other, with nothing in common with how the server does it. */
export function naiveCount(
  events: readonly SentEvent[],
  { groupBy, starts }: { groupBy: readonly Dimension[]; starts: readonly number[] },
): Record<string, Numbers> {
  const series: Record<string, Numbers> = {};
  const zeros = () => starts.map(() => 0);
  for (const event of events) {
    const bucket = starts.findLastIndex((start) => start <= event.at);
    for (const group of groupsOf(event, groupBy)) {
      series[group] ??= { count: zeros(), cost: zeros(), tokens: zeros() };
      const numbers = series[group];
      numbers.count[bucket] = (numbers.count[bucket] ?? 0) + 1;
      numbers.cost[bucket] = (numbers.cost[bucket] ?? 0) + event.cost;
      numbers.tokens[bucket] = (numbers.tokens[bucket] ?? 0) + event.tokens;
    }
  }
  return series;
}
