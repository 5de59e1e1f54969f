import { generateKey, type IdKind, idPrefixes } from "@keyplane/schema";
import { schema } from "@keyplane/server";
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isUnionType,
} from "graphql";
import type { Caller } from "./caller.js";
import { hour } from "./clock.js";
import { EventStream } from "./event-stream.js";
import { sendGraphql } from "./graphql.js";

/** Ids of things that a caller may see, for calls made from the schema alone. */
export type Ids = Readonly<Partial<Record<IdKind, string>>>;

/** What a call may name, and the present of the server's clock, around which questions about usage are asked; epoch milliseconds. */
export type Own = Ids & { readonly now?: number };

/** A field that can be called, and where it is. */
export interface AnyField {
  /** `Query.key`, `Tenant.users`. */
  readonly name: string;
  readonly parent: GraphQLObjectType;
  readonly field: GraphQLField<unknown, unknown>;
}

/** An operation, ready to send. */
export interface AnyCall {
  readonly document: string;
  readonly variables: Record<string, unknown>;
}

/** Every field of every object type of the schema. */
export function everyField(): AnyField[] {
  return Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter((type) => !type.name.startsWith("__"))
    .flatMap((parent) =>
      Object.values(parent.getFields()).map((field) => ({ name: `${parent.name}.${field.name}`, parent, field })),
    );
}

/** Every query, mutation and subscription. */
export function everyRootField(): AnyField[] {
  return everyField().filter(({ parent }) => isRoot(parent));
}

/** Whether a type is one that operations begin with. */
export function isRoot({ name }: GraphQLObjectType): boolean {
  return ["Query", "Mutation", "Subscription"].includes(name);
}

/** The places of a field's arguments that take an id, such as `input.ownerId` or `filter.targetId`. */
export function idPlaces({ field }: AnyField): string[] {
  const below = (path: string, type: GraphQLInputType, above: readonly GraphQLNamedType[]): string[] => {
    const named = getNamedType(type);
    if (named.name === "ID") return [path];
    if (!isInputObjectType(named) || above.includes(named)) return [];
    return Object.values(named.getFields()).flatMap((part) =>
      below(`${path}.${part.name}`, part.type, [...above, named]),
    );
  };
  return field.args.flatMap((arg) => below(arg.name, arg.type, [])).filter((place) => !sendersOwnIds.includes(place));
}

/** Ids that callers make up themselves: they name nothing here. */
const sendersOwnIds: readonly string[] = ["input.events.id"];

/** The kinds of things that an id at a place can name. A place that it does not know is an error: teach it here. */
export function kindsAt(field: AnyField, place: string): readonly IdKind[] {
  const name = place.split(".").at(-1);
  if (name === "tenantId") return ["Tenant"];
  if (name === "ownerId" || name === "userId" || name === "userIds" || name === "memberId") return ["User"];
  if (name === "customRoleId") return ["CustomRole"];
  if (name === "teamId") return ["Team"];
  if (name === "keyId" || name === "keyIds") return ["Key"];
  if (name === "apiId") return ["Api"];
  if (name === "webhookId" || name === "rotationWebhookId") return ["Webhook"];
  if (name === "deliveryId") return ["WebhookDelivery"];
  if (name === "runId") return ["IntegrityRun"];
  if (name === "actorId") return ["ManagementToken", "User"];
  if (name === "targetId" && place === "input.targetId") {
    // An API has rate limits, and no quota.
    return field.field.name === "setRateLimits" ? ["Key", "User", "Tenant", "Api"] : ["Key", "User", "Tenant"];
  }
  if (name === "targetId") {
    return [
      "Tenant",
      "User",
      "CustomRole",
      "Team",
      "Key",
      "Api",
      "ApiGrant",
      "ManagementToken",
      "Session",
      "OAuthClient",
      "TrustedIssuer",
      "KeyFinding",
      "Webhook",
    ];
  }
  if (name === "id") {
    if (field.field.name === "node" || field.field.name === "can") return Object.keys(idPrefixes) as IdKind[];
    if (/role$/i.test(field.field.name)) return ["CustomRole"];
    if (field.field.name === "integrityCheckProgress") return ["IntegrityRun"];
    if (field.field.name.endsWith("ApiAccess")) return ["ApiGrant"];
    // Longest first: revokeManagementToken ends with no shorter kind, but a later one could.
    const kinds = (Object.keys(idPrefixes) as IdKind[]).sort((a, b) => b.length - a.length);
    const thing = field.field.name.toLowerCase().replace(/secret$/, "");
    const kind = kinds.find((each) => thing.endsWith(each.toLowerCase()));
    if (kind) return [kind];
  }
  throw new Error(`${field.name} takes an id at ${place}: teach kindsAt what it names, so that isolation is tested`);
}

/** Of the right form: what is none is refused for that. */
const nobodysKey = generateKey({ prefix: "kp", environment: "LIVE" }).secret;

/** Values for what an input requires besides ids. By name: names mean one thing in the whole schema. */
const samples: Readonly<Record<string, (now: number) => unknown>> = {
  from: (now) => new Date(now - hour).toISOString(),
  to: (now) => new Date(now + hour).toISOString(),
  email: () => `${unique()}@example.com`,
  slug: unique,
  name: () => "Name",
  reason: () => "reason",
  rateLimits: () => [{ name: "any", limit: 1_000, windowMs: 60_000 }],
  limit: () => 1_000,
  amount: () => 1_000,
  // Nobody listens there: sending comes to its end at once.
  url: () => "http://127.0.0.1:1/webhook",
  issuer: () => `https://${unique()}.example.com`,
  audience: () => "audience",
  defaultRole: () => "GUEST",
  grantTypes: () => ["CLIENT_CREDENTIALS"],
  role: () => "GUEST",
  // Nobody gives a permission that they lack.
  permissions: () => [],
  // Of whatever kind the id is, the permission that reads it.
  action: () => "USERS_READ",
  // Of an event of usage: the same one each time, so that answers can be compared.
  "events.id": () => "any-event",
  password: () => "any password of the tests",
  currentPassword: () => "any password of the tests",
  newPassword: () => "any other password of the tests",
  token: () => "kplink_live_0000000000000000000000000000000000000000000000000",
  refreshToken: () => "kprefresh_live_0000000000000000000000000000000000000000000000000",
  key: () => nobodysKey,
};

/** Inputs of which one of several optional fields must be given: which one is. */
const oneOf: Readonly<Record<string, string>> = { DiagnoseKeyInput: "keyId", ResolveInvalidUserInput: "keyId" };

function unique(): string {
  return `any-${Math.random().toString(36).slice(2)}`;
}

/**
 * A call of any field, with everything that it requires and all that it can answer.
 *
 * @param own things that the caller may see: what required ids name, and the way to a nested field.
 * @param set values at places such as `input.ownerId`, instead of or besides what is required.
 * @param selection what to ask for; everything when left out.
 */
export function callOf(
  target: AnyField,
  own: Own,
  set: Readonly<Record<string, unknown>> = {},
  selection?: string,
): AnyCall {
  const variables: Record<string, unknown> = {};
  for (const arg of target.field.args) {
    const given = Object.keys(set).some((place) => place === arg.name || place.startsWith(`${arg.name}.`));
    if (given || isRequiredArgument(arg)) variables[arg.name] = valueFor(target, arg.name, arg.type, own, set);
    else if (arg.name === "first") variables[arg.name] = pageSize;
    // Answered at once, with the place to begin at.
    else if (target.name === "Subscription.keyEvents" && arg.name === "after") variables[arg.name] = "";
  }
  const used = target.field.args.filter((arg) => arg.name in variables);
  const declared = used.map((arg) => `$${arg.name}: ${String(arg.type)}`);
  const passed = used.map((arg) => `${arg.name}: $${arg.name}`);
  const call = `${target.field.name}${passed.length > 0 ? `(${passed.join(", ")})` : ""} ${selection ?? selectionOf(getNamedType(target.field.type))}`;
  const kind = isRoot(target.parent) ? target.parent.name.toLowerCase() : "query";
  const heading = `${kind} Any${declared.length > 0 ? `(${declared.join(", ")})` : ""}`;
  return { document: `${heading} { ${within(target, own, call)} }`, variables };
}

/** The kinds of things whose ids are asked for when calls are made: what a story must have for them. */
export function kindsNamedBy(makeCalls: (own: Own) => unknown): IdKind[] {
  const named = new Set<IdKind>();
  const noting = new Proxy<Own>(
    {},
    {
      get(_, kind) {
        if (kind === "now") return undefined;
        named.add(kind as IdKind);
        return "any";
      },
    },
  );
  makeCalls(noting);
  return [...named];
}

/** Sends any operation, and gives what GraphQL answers; of a subscription, which it ends then, the first answer. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is missing
export async function sendAny(caller: Caller, { document, variables }: AnyCall): Promise<any> {
  if (!document.startsWith("subscription")) {
    return (await sendGraphql(caller.url, caller.token, document, variables)).body;
  }
  const stream = await EventStream.open(caller.url, caller.token, document, variables);
  const answer = await stream.next();
  stream.close();
  return answer;
}

/** The way from the root to a nested field: through the query that finds its parent by id. */
function within({ name, parent }: AnyField, own: Own, call: string): string {
  if (isRoot(parent)) return call;
  if (parent.name === "Viewer") return `viewer { ${call} }`;
  if (parent.name === "ManagementToken") return `managementTokens(first: 1) { nodes { ${call} } }`;
  if (parent.name === "UsageEvent") return `usageEvents(tenantId: "${own.Tenant}", first: 1) { nodes { ${call} } }`;
  if (parent.name === "KeyFinding") return `keyFindings(tenantId: "${own.Tenant}", first: 1) { nodes { ${call} } }`;
  if (parent.name === "HygieneCheckReport") return `keyHygiene(tenantId: "${own.Tenant}") { checks { ${call} } }`;
  if (parent.name === "KeyEvent") return `keyEvents(tenantId: "${own.Tenant}", types: [CREATED]) { nodes { ${call} } }`;
  if (parent.name === "KeyDiagnosis") return `diagnoseKey(input: { keyId: "${own.Key}" }) { ${call} }`;
  if (parent.name === "DiagnosisFinding") {
    // That the owner is called otherwise is found of every key.
    return `diagnoseKey(input: { keyId: "${own.Key}", owner: { name: "Nobody" } }) { findings { ${call} } }`;
  }
  if (parent.name === "UsageGroup") {
    const [from, to] = [samples["from"]?.(own.now ?? Date.now()), samples["to"]?.(own.now ?? Date.now())];
    const input = `{ tenantId: "${own.Tenant}", from: "${from}", to: "${to}", groupBy: [KEY, USER] }`;
    return `usage(input: ${input}) { series { group { ${call} } } }`;
  }
  const query = schema.getQueryType()?.getFields()[queryOf(parent.name)];
  const id = own[parent.name as IdKind];
  if (!query || !id) throw new Error(`${name} is nested in a type without a query of its own: teach within its way`);
  return `${query.name}(id: "${id}") { ${call} }`;
}

function valueFor(
  target: AnyField,
  place: string,
  type: GraphQLInputType,
  own: Own,
  set: Readonly<Record<string, unknown>>,
): unknown {
  if (place in set) return set[place];
  const named = getNamedType(type);
  if (isListType(getNullableType(type))) {
    const sample = samples[place.split(".").at(-1) ?? ""];
    if (sample) return sample(own.now ?? Date.now());
    // An entry for what is set within it; GraphQL takes a value for a list of one.
    const within = Object.keys(set).some((each) => each.startsWith(`${place}.`));
    return within ? valueFor(target, place, named, own, set) : [];
  }
  if (isInputObjectType(named)) {
    const fields = Object.values(named.getFields()).filter((field) => {
      const path = `${place}.${field.name}`;
      const given = Object.keys(set).some((each) => each === path || each.startsWith(`${path}.`));
      // Nobody gives a role with more permissions than their own, and a default may have more.
      const isRole = ["role", "defaultRole"].includes(field.name) && place !== "filter";
      return given || isRequiredInputField(field) || isRole || oneOf[named.name] === field.name;
    });
    return Object.fromEntries(
      fields.map((field) => [field.name, valueFor(target, `${place}.${field.name}`, field.type, own, set)]),
    );
  }
  if (named.name === "ID" && !sendersOwnIds.includes(place)) {
    const id = kindsAt(target, place).map((kind) => own[kind])[0];
    if (id) return id;
  }
  const sample = samples[place.split(".").slice(-2).join(".")] ?? samples[place.split(".").at(-1) ?? ""];
  if (sample) return sample(own.now ?? Date.now());
  if (isEnumType(named)) return named.getValues()[0]?.name;
  throw new Error(`${target.name} requires ${place}, a ${String(type)}: give samples a value for it`);
}

const maxLevels = 4;
/** Small, because the cost of everything within everything grows with it; further down, one. */
const pageSize = 2;

/** By the type: it is the same each time, and long. */
const selections = new Map<GraphQLNamedType, string>();

/** Everything that can be asked of a type without arguments, some levels deep. */
function selectionOf(type: GraphQLNamedType): string {
  const known = selections.get(type) ?? selectionAt(type, 0);
  selections.set(type, known);
  return known;
}

function selectionAt(type: GraphQLNamedType, level: number): string {
  if (isLeafType(type)) return "";
  if (isUnionType(type)) {
    return `{ __typename ${type
      .getTypes()
      .map((member) => `... on ${member.name} ${selectionAt(member, level)}`)
      .join(" ")} }`;
  }
  if (!("getFields" in type) || isInputObjectType(type)) return "";
  const parts = Object.values(type.getFields()).flatMap((field) => {
    const named = getNamedType(field.type);
    if (field.args.some(isRequiredArgument)) return [];
    if (isLeafType(named)) return [field.name];
    if (level >= maxLevels) return [];
    const page = field.args.some((arg) => arg.name === "first") ? `(first: ${level < 2 ? pageSize : 1})` : "";
    return [`${field.name}${page} ${selectionAt(named, level + 1)}`];
  });
  return `{ __typename ${parts.join(" ")} }`;
}

/** The query that finds one of a type. */
function queryOf(type: string): string {
  return type === "CustomRole" ? "role" : `${type.charAt(0).toLowerCase()}${type.slice(1)}`;
}
