import { verdictCodes } from "@keyplane/schema";
import { createGuard } from "@keyplane/sdk/guard";
import { onTestFinished } from "vitest";
import { day, describe, expect, minute, ok, test, type World } from "../testkit/index.js";
import { type Alternative, type Cause, nameOf, type Produced } from "./causes/story.js";
import { asNamed, causes } from "./causes/table.js";

// biome-ignore lint/suspicious/noExplicitAny: what the API answers
const mutationOf = ({ mutation }: any): string => /(\w+)\(input: \$input\)/.exec(mutation)?.[1] ?? "";

/** A story for each cause, and one for each alternative to the first of its remedies. */
const stories = Object.entries(causes).flatMap(([name, cause]): [string, Cause, Alternative | null][] => [
  [name, cause, null],
  ...(cause.alternatives ?? []).map((each): [string, Cause, Alternative] => [
    `${name}, by ${each.mutation}`,
    cause,
    each,
  ]),
]);

describe("every cause for which a key is not valid", () => {
  test.for(stories)(
    "%s: told by its verdict, explained, and mended by the remedy as it is given",
    async ([, cause, alternative], { world: shared }) => {
      const produced = await cause.produce(shared);
      const { presented, call = {}, caller, works, on } = produced;
      const world = on ?? shared;
      if (on) onTestFinished(() => on.server.stop());
      const { owner: _, ...asked } = call;
      // What is verified counts as a use, of which an idle key has none.
      if (cause.finding !== "KEY_IDLE") {
        const answered = await world.root.verify(presented, asked);
        expect(answered).toMatchObject({ code: cause.answered ?? cause.code });
      }

      const diagnosis = await caller.diagnose({ key: presented, ...call });
      expect(diagnosis.verdict).toMatchObject({ code: cause.code, docsUrl: expect.stringContaining("/docs/") });
      const failed = diagnosis.checks.filter(({ outcome }: { outcome: string }) => outcome === "FAILED");
      expect(failed.map(({ code }: { code: string }) => code)).toEqual(cause.code === "VALID" ? [] : [cause.code]);
      expect(diagnosis.findings.map(({ code }: { code: string }) => code)).toEqual(
        cause.finding ? [cause.finding] : [],
      );
      const said = JSON.stringify([failed, diagnosis.findings]);
      expect(said).toMatch(cause.says);
      await checkOrigin(world, cause, produced, diagnosis);

      expect(diagnosis.remedies.map(mutationOf)).toEqual(cause.remedies);
      expect(cause.instead !== undefined, "what to do where there is no remedy").toBe(cause.remedies.length === 0);
      if (cause.instead) {
        const { pathname } = new URL(diagnosis.verdict.docsUrl);
        const page = await (await fetch(`${world.url}${pathname}`)).text();
        expect([said, diagnosis.verdict.message, page].join("\n")).toMatch(cause.instead.says);
        const { presented: right, call: rightCall } = await cause.instead.done({ ...produced, said }, world);
        expect(await world.root.verify(right, rightCall)).toMatchObject({ valid: true, code: "VALID" });
        return;
      }

      let secret = works;
      // Of alternatives for one code one; otherwise one after the other.
      const sent = cause.sent ?? (cause.alternatives ? 1 : cause.remedies.length);
      const steps = alternative
        ? diagnosis.remedies.filter((remedy: unknown) => mutationOf(remedy) === alternative.mutation)
        : diagnosis.remedies.slice(0, sent);
      expect(steps.length).toBe(alternative ? 1 : sent);
      for (const remedy of steps) {
        expect(remedy).toMatchObject({ permitted: true, permittedTo: null, effect: expect.stringMatching(/\w{3}/) });
        if (remedy === steps.at(-1) && cause.ends) expect(remedy.effect).toContain("is refused");
        const result = await caller.remedy(remedy);
        expect(result, JSON.stringify(result)).toMatchObject({ __typename: expect.stringMatching(/Payload$/) });
        secret = result.secret ?? secret;
      }
      if (alternative?.afterwards) {
        expect(await world.root.verify(secret, asked)).toMatchObject({ valid: false, code: cause.code });
        const { remedies } = await caller.diagnose({ key: secret, ...call });
        expect(remedies.map(mutationOf)).toEqual(alternative.afterwards);
        for (const remedy of remedies) expect(await caller.remedy(remedy)).not.toHaveProperty("code");
      }
      // First, because it takes nothing from the limits that were just raised.
      const after = await caller.diagnose({ key: secret, ...call });
      expect(after.findings.filter(({ code }: { code: string }) => code === cause.finding)).toEqual([]);
      if (!cause.ends) expect(after.remedies).toEqual([]);
      const end = await world.root.verify(secret, asked);
      expect(end).toMatchObject({ valid: cause.ends === undefined, code: cause.ends ?? "VALID" });
    },
  );

  /** Of a check in its fields, of a finding in its words, which name the moment. */
  async function checkOrigin(
    world: World,
    { origin = "CHANGED", code }: Cause,
    { since, by, createdAt, changedAt, caller }: Produced,
    // biome-ignore lint/suspicious/noExplicitAny: what the API answers
    { checks, findings }: any,
  ): Promise<void> {
    const check = checks.find(({ outcome }: { outcome: string }) => outcome === "FAILED");
    if (typeof origin === "object") {
      if (check) expect(check, origin.nobody).toMatchObject({ since: null, by: null });
      else expect(findings[0].message, origin.nobody).not.toMatch(/\d{4}-\d\d-\d\dT/);
      return;
    }
    const moment = since ?? (origin === "CREATED" ? createdAt : changedAt);
    if (code === "VALID") return expect(findings[0].message).toContain(moment);
    const who = by ?? (await nameOf(origin === "CREATED" ? world.root : caller));
    expect(check).toMatchObject({ since: moment, by: expect.stringMatching(who) });
  }

  test("every cause that the product names has its rows here, and every row is of one", () => {
    const rows = Object.values(asNamed).flat();
    expect(Object.keys(causes).filter((name) => !rows.includes(name))).toEqual([]);
    expect(rows.filter((name) => !(name in causes))).toEqual([]);
  });

  test("every remedy of a cause is sent in one of its stories", () => {
    const sentOf = ({ remedies, sent, alternatives }: Cause) => [
      ...remedies.slice(0, sent ?? (alternatives ? 1 : remedies.length)),
      ...(alternatives ?? []).map(({ mutation }) => mutation),
    ];
    const unsent = Object.entries(causes).flatMap(([name, cause]) =>
      cause.remedies.filter((mutation) => !sentOf(cause).includes(mutation)).map((mutation) => [name, mutation]),
    );
    // Its other story is a row of its own, because the key ends otherwise: "idle key that nobody needs".
    expect(unsent).toEqual([["idle key", "revokeKey"]]);
  });

  test("every verdict code has its cause here", () => {
    const produced = new Set(Object.values(causes).map(({ code }) => code as string));
    expect(Object.keys(verdictCodes).filter((code) => !produced.has(code))).toEqual([]);
  });

  test("several causes at once are mended by all remedies, one after the other", async ({ world }) => {
    const { admin, key, owner, secret } = await world.tenantWithKey({ key: { allowedIps: ["10.0.0.1"] } });
    world.clock.advance(minute);
    ok(await admin.key("updateKey", { id: key.id, expiresAt: world.clock.in(minute) }));
    ok(await admin.key("disableKey", { id: key.id }));
    ok(await admin.user("disableUser", { id: owner.id }));
    world.clock.advance(day);
    const call = { scopes: ["a", "b"], ip: "10.0.0.2" };
    const { remedies } = await admin.diagnose({ key: secret, ...call });
    expect(remedies.map(mutationOf)).toEqual(["updateKey", "enableKey", "enableUser", "updateKey", "updateKey"]);
    for (const remedy of remedies) expect(await admin.remedy(remedy)).not.toHaveProperty("code");
    expect(await world.verify(secret, 1, call)).toMatchObject({ valid: true });
  });

  test.for([
    [
      "a scope that is none",
      { scopes: ["not a scope"] },
      /scopes\.0: Use printable ASCII without spaces/,
      { scopes: [] },
    ],
    ["an API's name that is none", { api: "the orders" }, /api: Name an API with/, {}],
    ["a cost below 0", { cost: -1 }, /cost: Give a cost of at least 0/, { cost: 0 }],
    ["several addresses for one", { ip: "203.0.113.7,".repeat(9) }, /ip: Give one address/, { ip: "203.0.113.7" }],
    [
      "an environment that there is not",
      { environment: "PROD" },
      /at "input\.environment"; The value does not exist in "Environment" enum/,
      {},
    ],
    ["a scope in the place of a list", { scopes: [["orders:read"]] }, /String cannot represent/, { scopes: [] }],
  ] as const)(
    "malformed request: %s: verification and diagnosis say alike what is wrong and what to send, and that works",
    async ([, wrong, says, right], { world }) => {
      const { admin, key, secret } = await world.tenantWithKey();
      const asked = [() => admin.verify(secret, wrong), () => admin.diagnose({ key: secret, ...wrong })];
      for (const ask of asked) {
        const { code, errors } = await failureOf(ask());
        expect(code).toBe("BAD_USER_INPUT");
        const [{ message, extensions }] = errors;
        expect(message).toMatch(says);
        expect(message).not.toContain(secret);
        await expectPage(world, extensions.docsUrl, "bad_user_input");
      }
      // It was refused before any check: nothing of it is the key's, and no call of the key was refused.
      const diagnosis = await admin.diagnose({ keyId: key.id, ...right });
      expect(diagnosis).toMatchObject({ verdict: { code: "VALID" }, findings: [], remedies: [] });
      expect(await admin.verify(secret, right)).toMatchObject({ valid: true });
    },
  );

  test("malformed request: nothing that could be a request at all is answered with what to send, likewise", async ({
    world,
  }) => {
    const { admin, secret } = await world.tenantWithKey();
    const send = async (body: string) => {
      const headers = { authorization: `Bearer ${admin.token}`, "content-type": "application/json" };
      const response = await fetch(`${world.url}/v1/verify`, { method: "POST", headers, body });
      return { status: response.status, answer: await response.json() };
    };
    for (const [body, code, says] of [
      ["{", "BAD_REQUEST", /The body is not JSON\. Send an object such as/],
      ["[]", "BAD_USER_INPUT", /must be a JSON object with the field key/],
      ["{}", "BAD_USER_INPUT", /key/],
      [JSON.stringify({ key: 1 }), "BAD_USER_INPUT", /key/],
    ] as const) {
      const { status, answer } = await send(body);
      expect([body, status]).toEqual([body, 400]);
      const [{ message, extensions }] = answer.errors;
      expect([body, extensions.code, message]).toEqual([body, code, expect.stringMatching(says)]);
      await expectPage(world, extensions.docsUrl, code.toLowerCase());
    }
    expect(await send(JSON.stringify({ key: secret }))).toMatchObject({ status: 200, answer: { valid: true } });
  });

  test("verifier cannot reach the control plane: it lets nobody in and says so; here the key is valid, and the verifier was not seen", async ({
    world,
  }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    const verifier = await world.caller("DEVELOPER", { tenantId: tenant.id });
    const guardAt = (url: string) => {
      const guard = createGuard({ url, token: verifier.token ?? "", usage: false, timeoutMs: 500 });
      onTestFinished(() => guard.close());
      return guard;
    };
    const cutOff = guardAt("http://127.0.0.1:1");
    const refused = await cutOff.verify(secret);
    expect(refused).toMatchObject({ valid: false, code: "UNAVAILABLE", message: expect.stringMatching(/\w{3}/) });
    await expectPage(world, refused.docsUrl, "unavailable");
    expect(cutOff.status()).toMatchObject({ connected: null, lastError: expect.any(Error) });

    // Nothing here refuses the key, nor was it asked: so it is not the key.
    const diagnosis = await admin.diagnose({ keyId: key.id });
    expect(diagnosis).toMatchObject({ verdict: { code: "VALID" }, findings: [], remedies: [] });
    const failed = diagnosis.checks.filter(({ wouldFail }: { wouldFail: boolean | null }) => wouldFail === true);
    expect(failed).toEqual([]);
    const lastUsedAt = async () => {
      const { managementTokens } = await admin.query("{ managementTokens(first: 10) { nodes { role lastUsedAt } } }");
      return managementTokens.nodes.find(({ role }: { role: string }) => role === "DEVELOPER").lastUsedAt;
    };
    expect(await lastUsedAt()).toBeNull();

    expect(await guardAt(world.url).verify(secret)).toMatchObject({ valid: true, code: "VALID" });
    await expect.poll(lastUsedAt).toBe(world.clock.in(0));
  });

  /** The error that a question of GraphQL was refused with. */
  async function failureOf(asked: Promise<unknown>) {
    const failure = await asked.then(
      () => new Error("it was not refused"),
      (error: unknown) => error,
    );
    return failure as {
      readonly code: string;
      readonly errors: readonly [{ readonly message: string; readonly extensions: { readonly docsUrl: string } }];
    };
  }

  /** Opens the page that an error names, on the server itself. */
  async function expectPage(world: World, docsUrl: string, anchor: string): Promise<void> {
    const { pathname, hash } = new URL(docsUrl);
    expect(hash).toBe(`#${anchor}`);
    const page = await fetch(`${world.url}${pathname}`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain(`id="${anchor}"`);
  }
});
