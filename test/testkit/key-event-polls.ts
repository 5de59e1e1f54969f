import type { Caller } from "./caller.js";
import { GraphqlFailure } from "./graphql.js";

/** An answer of `/v1/key-events`, as it came. */
export interface Poll {
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the fields that it expects
  readonly events: any[];
  readonly resync: { readonly code: string; readonly cursor: string; readonly reason: string } | null;
  readonly cursor: string;
  readonly current: number | null;
}

/** Asks once for key events, as any program could. @throws GraphqlFailure for a refusal. */
export async function poll(
  { url, token }: { url: string; token: string | null },
  parameters: Record<string, string | number> | string = {},
  signal?: AbortSignal,
): Promise<Poll> {
  const search =
    typeof parameters === "string" ? parameters : new URLSearchParams(parameters as Record<string, string>);
  const response = await fetch(`${url}/v1/key-events?${search}`, {
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    ...(signal ? { signal } : {}),
  });
  const body = await response.json();
  if (body.errors) throw new GraphqlFailure(body.errors);
  return body;
}

/** Asks again and again until the server says that it has told everything; all the events that came. */
export async function pollAll(caller: Caller, after: string, more: Record<string, string | number> = {}) {
  const events: Poll["events"] = [];
  for (let cursor = after; ; ) {
    const answer = await poll(caller, { ...more, after: cursor, waitMs: 1_000 });
    events.push(...answer.events);
    cursor = answer.cursor;
    if (answer.current !== null) return { events, cursor };
  }
}

/**
 * A place with all behind it that was committed before. A place that a poll begins with "now" may have something before it that was written
 * just then: its order is not final while any transaction of the PostgreSQL server is open, be it of another test.
 */
export async function placeBehindAll(caller: Caller): Promise<string> {
  return (await pollAll(caller, (await poll(caller)).cursor)).cursor;
}
