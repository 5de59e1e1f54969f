import { createId, type IdKind, idPrefixes, type Permission } from "@keyplane/schema";
import { schema } from "@keyplane/server";
import { getNamedType, isInterfaceType } from "graphql";
import { type AnyField, callOf, everyField, everyRootField, isRoot, type Own } from "../../testkit/any-call.js";
import { EventStream, type StreamedAnswer } from "../../testkit/event-stream.js";
import { sendGraphql, type World } from "../../testkit/index.js";
import { accessOf, mayCall, type Someone } from "./callers.js";
import { inParts, sendBatch } from "./leaks.js";

/** Whose permission `node` needs for a kind. A type that becomes a Node needs its line here. */
const readPermissions: Readonly<Record<string, Permission>> = {
  Tenant: "tenants:read",
  User: "users:read",
  CustomRole: "users:read",
  Team: "users:read",
  Key: "keys:read",
  Api: "apis:read",
  ApiGrant: "grants:read",
};

/** The kinds of things that `node` finds, by the schema. */
export function nodeKinds(): IdKind[] {
  const node = schema.getType("Node");
  if (!isInterfaceType(node)) throw new Error("the schema has no Node");
  return schema.getPossibleTypes(node).map(({ name }) => name as IdKind);
}

/** Ids of things that there are not, of every kind. */
export function nothing(world: World): Own {
  const kinds = Object.keys(idPrefixes) as IdKind[];
  return { ...Object.fromEntries(kinds.map((kind) => [kind, createId(kind)])), now: world.clock.now() };
}

/** The code of a refusal, wherever it stands in an answer; null when there is none. */
function codeOf(answer: StreamedAnswer | null, name: string): string | null {
  const error = answer?.errors?.[0];
  return error ? error.extensions.code : (answer?.data?.[name]?.code ?? null);
}

function callTo(field: AnyField, own: Own) {
  const type = getNamedType(field.field.type).name;
  // The verdict on a key has a code of its own.
  const selection =
    type === "Verdict" ? "{ valid }" : type.endsWith("Result") ? "{ ... on Error { code } }" : "{ __typename }";
  return callOf(field, own, field.field.name === "usageLive" ? { intervalMs: 250 } : {}, selection);
}

/** What is wrong with what somebody was answered; null: nothing. */
function wrongOf(someone: Someone, name: string, isAllowed: boolean, code: string | null): string | null {
  const expected = isAllowed ? "to be let in" : someone.permissions ? "FORBIDDEN" : "UNAUTHENTICATED";
  const isLetIn = code === null || !["FORBIDDEN", "UNAUTHENTICATED", "INTERNAL"].includes(code);
  if (isAllowed ? isLetIn : code === expected) return null;
  return `${someone.who}, ${name}: expected ${expected}, got ${code ?? "let in"}`;
}

/** What ends a session: asked last, and together, because whoever asks is not known afterwards. */
const endings: readonly string[] = ["Mutation.signOut", "Mutation.signOutEverywhere"];

/** Everything that somebody can do and may not, or cannot and may, each as a sentence; nothing, as it should be. */
export async function wrongAccess(world: World, someone: Someone): Promise<string[]> {
  const own = nothing(world);
  const { url } = world;
  const wrong: (string | null)[] = [];
  const check = (field: AnyField, answer: StreamedAnswer | null) =>
    wrong.push(
      wrongOf(someone, field.name, mayCall(field.name, accessOf(field), someone), codeOf(answer, field.field.name)),
    );

  // What node needs depends on the kind of thing, and is asked below.
  const fields = everyRootField().filter(({ name }) => name !== "Query.node" && !endings.includes(name));
  const [followed, asked] = [true, false].map((isFollowed) =>
    fields.filter(({ parent }) => (parent.name === "Subscription") === isFollowed),
  ) as [AnyField[], AnyField[]];
  if (someone.permissions) {
    for (const part of inParts(asked)) {
      const { answers } = await sendBatch(
        { url, token: someone.token },
        part.map((field) => callTo(field, own)),
      );
      for (const [index, field] of part.entries()) check(field, answers[index] ?? null);
    }
  } else {
    // One by one: together with others, nothing is open to somebody who is not known.
    const answers = await Promise.all(
      asked.map((field) => {
        const { document, variables } = callTo(field, own);
        return sendGraphql(url, someone.token, document, variables);
      }),
    );
    for (const [index, field] of asked.entries()) check(field, answers[index]?.body);
  }
  await Promise.all(
    followed.map(async (field) => {
      const { document, variables } = callTo(field, own);
      const stream = await EventStream.open(url, someone.token, document, variables);
      const isStream = stream.headers["content-type"]?.startsWith("text/event-stream");
      check(field, isStream ? await stream.next() : (JSON.parse(await stream.text()) as StreamedAnswer));
      stream.close();
    }),
  );
  for (const kind of nodeKinds()) {
    const needed = readPermissions[kind];
    if (!needed) throw new Error(`node finds a ${kind}: say in readPermissions what that needs, so that it is tested`);
    const isAllowed = mayCall("node", { permission: needed }, someone);
    const document = "query ($id: ID!) { node(id: $id) { id } }";
    const { body } = await sendGraphql(url, someone.token, document, { id: own[kind] });
    wrong.push(wrongOf(someone, `Query.node of a ${kind}`, isAllowed, codeOf(body, "node")));
  }
  const last = everyRootField().filter(({ name }) => endings.includes(name));
  const { answers } = await sendBatch(
    { url, token: someone.token },
    last.map((field) => callTo(field, own)),
  );
  for (const [index, field] of last.entries())
    check(field, (someone.permissions ? answers[index] : answers[0]) ?? null);
  return wrong.filter((each) => each !== null);
}

const nested = everyField().filter((field) => !isRoot(field.parent) && accessOf(field) !== undefined);

/** The same of the fields within answers, asked of things that are one's own. */
export async function wrongNestedAccess(world: World, someone: Someone, own: Own): Promise<string[]> {
  const wrong: string[] = [];
  for (const part of inParts(nested)) {
    const calls = part.map((field) => callOf(field, own, {}, "{ __typename }"));
    const { answers } = await sendBatch({ url: world.url, token: someone.token }, calls);
    part.forEach((field, index) => {
      const path = /^\w+ Any(?:\([^{]*\))? \{ (\w+)/.exec(calls[index]?.document ?? "")?.[1];
      const entrance = everyRootField().find(({ name }) => name === `Query.${path}`);
      if (!entrance) throw new Error(`no query leads to ${field.name}`);
      const isAllowed = [entrance, field].every((each) => mayCall(each.name, accessOf(each), someone));
      const codes = answers[index]?.errors?.map(({ extensions }) => extensions.code) ?? [];
      if (codes.includes("FORBIDDEN") === isAllowed || codes.includes("INTERNAL")) {
        wrong.push(
          `${someone.who}, ${field.name}: expected ${isAllowed ? "to be let in" : "FORBIDDEN"}, got ${codes.join()}`,
        );
      }
    });
  }
  return wrong;
}
