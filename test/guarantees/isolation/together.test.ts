import { getNamedType, isInterfaceType, isObjectType } from "graphql";
import { hashSecret } from "../../../packages/server/src/modules/auth/index.js";
import { type AnyCall, callOf } from "../../testkit/any-call.js";
import { describe, expect, ok, sendGraphql, test } from "../../testkit/index.js";
import { askablePlaces, everyList, isOfInstallation, sendBatch, withoutNames } from "./leaks.js";
import { fullTenant, twoTenants } from "./story.js";

/** What finds a thing by its id; what only says something of one is asked where each place is. */
const queries = askablePlaces.filter(({ field, place }) => {
  const type = getNamedType(field.field.type);
  const finds = (isObjectType(type) || isInterfaceType(type)) && "id" in type.getFields();
  return field.parent.name === "Query" && place === "id" && finds && !isOfInstallation(field);
});
const mutations = askablePlaces.filter(({ field }) => field.parent.name === "Mutation");
/** Several calls of one query as one document, under aliases `a0`, `a1`, …, each with variables of its own. */
function aliased(calls: readonly AnyCall[]): AnyCall {
  const variables: Record<string, unknown> = {};
  const [declared, fields]: [string[], string[]] = [[], []];
  for (const [index, call] of calls.entries()) {
    const [, head = "", body = ""] = /^\w+ Any(?:\(([^{]*)\))? \{ ([\s\S]*) \}$/.exec(call.document) ?? [];
    const renamed = (text: string) => text.replaceAll(/\$(\w+)/g, `$a${index}_$1`);
    if (head) declared.push(renamed(head));
    fields.push(`a${index}: ${renamed(body)}`);
    for (const [name, value] of Object.entries(call.variables)) variables[`a${index}_${name}`] = value;
  }
  const kind = calls[0]?.document.startsWith("mutation") ? "mutation" : "query";
  return { document: `${kind} Any(${declared.join(", ")}) { ${fields.join(" ")} }`, variables };
}

describe("isolation: what is asked together", () => {
  test("there is something to test", () => {
    expect(queries.length).toBeGreaterThan(3);
    expect(mutations.length).toBeGreaterThan(15);
    expect(everyList.length).toBeGreaterThan(4);
  });

  test.for(queries.map((at) => [at.name, at] as const))(
    "%s: one's own, another tenant's and a missing one in one document, by one loader",
    async ([, { field, place }], { world }) => {
      const [ours, theirs] = await twoTenants(world);
      for (const kind of ["Tenant", "User", "CustomRole", "Team", "Key"] as const) {
        const missing = world.missingId(kind);
        const ids = [ours.ids[kind], theirs.ids[kind], missing, theirs.ids[kind], ours.ids[kind]];
        const selection = "{ __typename id }";
        const { document, variables } = aliased(ids.map((id) => callOf(field, ours.own, { [place]: id }, selection)));
        const { body, text } = await sendGraphql(world.url, ours.admin.token, document, variables);
        expect(body.errors).toBeUndefined();
        const { a0, a1, a2, a3, a4 } = body.data;
        expect([a1, a2, a3]).toEqual([null, null, null]);
        expect(a0).toEqual(a4);
        for (const id of Object.values(theirs.ids)) expect(text).not.toContain(id);
      }
    },
  );

  test("the loaders of a request find nothing of another tenant, also when both ask at the same moment", async ({
    world,
  }) => {
    const [ours, theirs] = await twoTenants(world);
    const document =
      "query ($a: ID!, $b: ID!) { a: node(id: $a) { id } b: node(id: $b) { id } keys(first: 5) { nodes { id tenant { id } owner { id } } } }";
    const ask = (one: typeof ours, other: typeof ours) =>
      sendGraphql(world.url, one.admin.token, document, { a: one.ids.Key, b: other.ids.Key });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, turn) => (turn % 2 ? ask(theirs, ours) : ask(ours, theirs))),
    );
    for (const [turn, { body, text }] of answers.entries()) {
      const [one, other] = turn % 2 ? [theirs, ours] : [ours, theirs];
      expect(body.data.a).toEqual({ id: one.ids.Key });
      expect(body.data.b).toBeNull();
      for (const id of Object.values(other.ids)) expect(text).not.toContain(id);
    }
  });

  test.for(mutations.map((at) => [at.name, at] as const))(
    "%s: another tenant's id and a missing one answer alike in one document and in one batch",
    async ([, { field, place, name }], { world }) => {
      const [ours, theirs] = await twoTenants(world);
      const kind = Object.keys(theirs.ids).find((each) => name.toLowerCase().includes(each.toLowerCase())) ?? "Tenant";
      const [their, missing] = [theirs.ids[kind as "Tenant"], world.missingId(kind as "Tenant")];
      const calls = [their, missing].map((id) => callOf(field, ours.own, { [place]: id }));
      const { document, variables } = aliased(calls);
      const { body } = await sendGraphql(world.url, ours.admin.token, document, variables);
      const plain = (value: unknown) => withoutNames(JSON.stringify(value ?? null), [their, missing]);
      expect(plain(body.data?.a0)).toBe(plain(body.data?.a1));
      const { answers } = await sendBatch(ours.admin, [calls[0], calls[1], calls[0]] as AnyCall[]);
      expect(plain(answers[0])).toBe(plain(answers[1]));
      expect(plain(answers[2])).toBe(plain(answers[1]));
    },
  );
});

describe("isolation: lists", () => {
  test.for(everyList)("%s lists nothing of another tenant, and counts nothing of it", async ([, list], { world }) => {
    const [ours, theirs] = await twoTenants(world);
    const id = list.name === "Query.keyEvents" ? "keyId" : "id";
    const { document, variables } = callOf(list, ours.own, { first: 100 }, `{ totalCount nodes { ${id} } }`);
    const { text, body } = await sendGraphql(world.url, ours.admin.token, document, variables);
    expect(body.data[list.field.name].nodes.length).toBeGreaterThan(0);
    expect(body.data[list.field.name].totalCount).toBe(body.data[list.field.name].nodes.length);
    for (const theirId of Object.values(theirs.ids)) expect(text).not.toContain(theirId);
  });

  test.for(everyList)("%s follows a cursor of another tenant into one's own list only", async ([, list], { world }) => {
    const [ours, theirs] = await twoTenants(world);
    const cursors = callOf(list, theirs.own, { first: 1 }, "{ pageInfo { endCursor } }");
    const answer = await theirs.admin.query(cursors.document, cursors.variables);
    const after = answer[list.field.name].pageInfo.endCursor;
    const { document, variables } = callOf(list, ours.own, { first: 100, after }, "{ totalCount nodes { id } }");
    const { text, status } = await sendGraphql(world.url, ours.admin.token, document, variables);
    expect(status).toBe(200);
    for (const id of Object.values(theirs.ids)) expect(text).not.toContain(id);
  });
});

describe("isolation: names that both use", () => {
  test("another tenant's key is verified byte for byte as a deleted one, and as one that never was", async ({
    world,
  }) => {
    const [ours, theirs] = await twoTenants(world);
    const gone = await fullTenant(world);
    ok(await gone.admin.key("deleteKey", { id: gone.ids.Key }));
    const verify = async (key: string) => {
      const query =
        "mutation ($key: String!) { verifyKey(input: { key: $key }) { valid code message hint scopes key { id } owner { id } tenantId } }";
      return withoutNames((await sendGraphql(world.url, ours.admin.token, query, { key })).text, []);
    };
    const deleted = await verify(gone.secret);
    expect(await verify(theirs.secret)).toBe(deleted);
    expect(await verify(theirs.secret)).toBe(deleted); // warm
    expect(deleted).toContain('"NOT_FOUND"');
  });

  test("another tenant's idempotencyKey is one's own to use, and tells nothing of theirs", async ({ world }) => {
    const [ours, theirs] = await twoTenants(world);
    const idempotencyKey = world.unique("attempt");
    const create = ({ ids, admin }: typeof ours) =>
      admin.keySecret("createKey", { tenantId: ids.Tenant, ownerId: ids.User, name: "Key", idempotencyKey });
    const [first, second] = [ok(await create(theirs)), ok(await create(ours))];
    expect(second.key.tenant.id).toBe(ours.ids.Tenant);
    expect(second.secret).not.toBe(first.secret);
    // And again, each gets its own first answer.
    const [again, other] = [ok(await create(theirs)), ok(await create(ours))];
    expect([again.secret, other.secret]).toEqual([first.secret, second.secret]);
    for (const { admin, ids } of [ours, theirs]) {
      const { text } = await sendGraphql(world.url, admin.token, "{ auditLog(first: 100) { nodes { after before } } }");
      for (const id of Object.values((ids === ours.ids ? theirs : ours).ids)) expect(text).not.toContain(id);
    }
  });

  test("no key of another tenant is found by its hash or id, in the records for verifiers", async ({ world }) => {
    const [ours, theirs] = await twoTenants(world);
    const ask = async (body: unknown) => {
      const response = await fetch(`${world.url}/v1/verification-records`, {
        method: "POST",
        headers: { authorization: `Bearer ${ours.admin.token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return [response.status, await response.text()];
    };
    const none = [200, '{"type":"end","keys":0}\n'];
    for (const body of [
      { hashes: [hashSecret(theirs.secret)] },
      { hashes: [hashSecret("no key")] },
      { keyIds: [theirs.ids.Key] },
      { keyIds: [world.missingId("Key")] },
      { tenantId: theirs.ids.Tenant },
      { tenantId: world.missingId("Tenant") },
    ]) {
      expect(await ask(body)).toEqual(none);
    }
    const [, all] = await ask({});
    expect(all).toContain(ours.ids.Key);
    for (const id of Object.values(theirs.ids)) expect(all).not.toContain(id);
  });
});
