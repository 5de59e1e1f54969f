import { type IdKind, type Permission, permissions } from "@keyplane/schema";
import {
  type AnyCall,
  type AnyField,
  callOf,
  everyField,
  everyRootField,
  idPlaces,
  kindsAt,
} from "../../testkit/any-call.js";
import type { StreamedAnswer } from "../../testkit/event-stream.js";
import { type Caller, sendGraphql, type World } from "../../testkit/index.js";
import type { StatementCount } from "../../testkit/statement-count.js";
import { accessOf } from "./callers.js";
import type { Pair } from "./story.js";

/** An argument that takes an id, such as `input.ownerId` of `Mutation.createKey`. */
export interface IdPlace {
  readonly name: string;
  readonly field: AnyField;
  readonly place: string;
}

// Generated from the schema: an operation that is added later is attacked from its first day, or makes these files fail.
export const everyPlace: readonly IdPlace[] = everyField().flatMap((field) =>
  idPlaces(field).map((place) => ({ name: `${field.name} at ${place}`, field, place })),
);

/** What can be asked again and again, where subscriptions wait for something to happen. */
export const askablePlaces = everyPlace.filter(({ field }) => field.parent.name !== "Subscription");

/** Every query that gives pages of a list. */
export const everyList = everyRootField()
  .filter((field) => !isOfInstallation(field))
  .filter(({ parent, field }) => parent.name === "Query" && field.args.some((arg) => arg.name === "first"))
  .map((list) => [list.name, list] as const);

/** Everything of an answer that a caller can tell apart, but what names this one request. */
export interface Seen {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const ofThisRequest: readonly string[] = ["date", "x-request-id", "keep-alive", "connection"];

/** Sends a call with an id at its place. @param nameless other ids that shall not make a difference. */
export async function askWith(
  pair: Pair,
  { field, place }: IdPlace,
  id: string,
  nameless: readonly string[] = [],
): Promise<Seen> {
  const { document, variables } = callOf(field, pair.own, { [place]: id });
  const { status, headers, text } = await sendGraphql(pair.caller.url, pair.caller.token, document, variables);
  return {
    status,
    headers: [...headers].filter(([name]) => !ofThisRequest.includes(name)),
    body: withoutNames(text, [id, ...nameless]),
  };
}

/** A text without the ids that were sent, and without that of the request. */
export function withoutNames(text: string, ids: readonly string[]): string {
  let kept = text;
  for (const id of ids) kept = kept.replaceAll(id, "<id>");
  return kept.replaceAll(/req_[0-9A-Za-z]{24}/g, "<request>");
}

/** The kinds of things at a place that somebody else has one of. */
export function kindsOf(pair: Pair, { field, place }: IdPlace): IdKind[] {
  return kindsAt(field, place).filter((kind) => pair.theirs[kind] !== undefined);
}

/**
 * What tells somebody else's thing from one that does not exist, each as a sentence; nothing, as it should be. Compared are the answer with
 * its status and headers, and what the database was asked for it, which is how long it takes.
 */
export async function leaksAt(world: World, count: StatementCount, pair: Pair, at: IdPlace): Promise<string[]> {
  const leaks: string[] = [];
  for (const kind of kindsOf(pair, at)) {
    const theirs = pair.theirs[kind] ?? "";
    const ask = async (id: string) => {
      count.take();
      const seen = await askWith(pair, at, id);
      return { seen: JSON.stringify(seen), asked: count.take().join("\n") };
    };
    const isTold = async (): Promise<string | null> => {
      const [missing, found] = [await ask(world.missingId(kind)), await ask(theirs)];
      if (found.seen !== missing.seen) return `answers ${found.seen}, and of a missing one ${missing.seen}`;
      if (found.asked !== missing.asked)
        return `asks the database ${found.asked}, and of a missing one ${missing.asked}`;
      return null;
    };
    // Something in the background may have asked the database, too; what leaks does so again and again.
    let told = await isTold();
    for (let again = 0; told !== null && again < 2; again++) told = await isTold();
    if (told !== null) leaks.push(`${pair.who}, ${at.name}, of a ${kind}: ${told}`);
  }
  return leaks;
}

/** Sends operations together in one request. @returns what each was answered. */
export async function sendBatch(
  { url, token }: Pick<Caller, "url" | "token">,
  batch: readonly AnyCall[],
): Promise<{ status: number; text: string; answers: StreamedAnswer[] }> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify(batch.map(({ document, variables }) => ({ query: document, variables }))),
  });
  const text = await response.text();
  const body: unknown = JSON.parse(text);
  return { status: response.status, text, answers: Array.isArray(body) ? body : [body] };
}

/** In parts of at most so many: one request holds ten operations. */
export function inParts<Item>(items: readonly Item[], size = 10): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, part) =>
    items.slice(part * size, (part + 1) * size),
  );
}

/** What nobody of a tenant may ask at all: access.test.ts sees to that, and there is nothing of one's own to be found. */
export function isOfInstallation(field: AnyField): boolean {
  const { permission } = (accessOf(field) ?? {}) as { permission?: Permission };
  return field.parent.name !== "Mutation" && permission !== undefined && permissions[permission].installationOnly;
}
