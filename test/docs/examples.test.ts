import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { schema } from "@keyplane/server";
import { parse, print, validate } from "graphql";
import { describe, expect, GraphqlFailure, hour, ok, sendGraphql, test, type World } from "../testkit/index.js";
import { findingMutation } from "../testkit/lifecycle.js";
import { webhookMutation } from "../testkit/webhooks.js";
import { root } from "./npm-start.js";
import { blocksOf, fillIn } from "./steps.js";

/** The guides. README and start have tests of their own, because there one step needs what the one before has made. */
const pages = ["concepts", "operating", "reference", "sdk"].flatMap((folder) =>
  readdirSync(join(root, "docs", folder)).map((name) => join(root, "docs", folder, name)),
);

function examplesIn(language: string): { readonly name: string; readonly page: string; readonly text: string }[] {
  return pages.flatMap((path) => {
    const page = relative(root, path);
    const blocks = blocksOf(readFileSync(path, "utf8")).filter((block) => block.language === language);
    return blocks.map(({ text }, index) => ({ name: `${page}, ${language} ${index + 1}`, page, text }));
  });
}

/** What an example that shows a refusal is answered with. */
const refusals: Readonly<Record<string, string>> = { "docs/reference/error-codes.md": "INVALID_INPUT" };

/** What stands in the place of `key_…` and the like: somebody's tenant, with one thing of each kind. */
async function story(world: World) {
  const { tenant, key, secret } = await world.tenantWithKey({ key: { scopes: ["orders:read"] } });
  const other = await world.user(tenant.id);
  ok(await world.root.quota("setQuota", { targetId: other.id, limit: 1_000 }));
  const values = {
    ten: tenant.id,
    key: key.id,
    usr: other.id,
    kp_live: secret,
    acme_live: secret,
  };
  return { tenant, key, secret, values };
}

/** A webhook that may get secrets, at an address where nobody listens. */
async function webhookId(world: World, tenantId: string): Promise<string> {
  const input = { tenantId, name: "Webhook", url: "http://127.0.0.1:1/webhook", receivesSecrets: true };
  return ok(await webhookMutation(world.root, "createWebhook", input)).webhook.id;
}

async function send(world: World, query: string, variables: Record<string, unknown> = {}) {
  const { body } = await sendGraphql(world.url, world.server.rootToken, query, variables);
  if (body.errors) throw new GraphqlFailure(body.errors);
  return body.data;
}

describe("the examples of GraphQL", () => {
  test.for(examplesIn("graphql"))("$name does what it says", async ({ page, text }, { world }) => {
    const { tenant, secret, values } = await story(world);
    const known: Record<string, string> = { ...values };
    if (text.includes("whk_…")) known["whk"] = await webhookId(world, tenant.id);
    if (text.includes("kfn_…")) ok(await findingMutation(world.root, "reportLeakedKey", { key: secret }));
    const variables = { tenantId: tenant.id, from: world.clock.in(-hour), to: world.clock.in(hour) };
    const document = parse(text.replaceAll('key: "…"', `key: "${secret}"`));
    // As the playground takes it: several operations have a name each.
    expect(validate(schema, document)).toEqual([]);
    // What one has made, the next one asks for.
    for (const operation of document.definitions) {
      const query = fillIn(print(operation), known);
      const answered = await send(world, query, query.includes("$tenantId") ? variables : {});
      for (const [, id = "", prefix = ""] of JSON.stringify(answered).matchAll(/"((int|kfn)_[0-9A-Za-z]{24})"/g))
        known[prefix] = id;
      for (const result of Object.values<{ code?: string } | null>(answered)) {
        expect(result).not.toBeNull();
        // A verdict has a code, too; so has what somebody may do.
        const isRefusal = result?.code !== undefined && !("valid" in result) && !("allowed" in result);
        expect([isRefusal ? result.code : undefined, result]).toEqual([refusals[page], result]);
      }
    }
  });
});

/** What a command prints, with the head of the answer: to its end, or of a stream, which has none, until something has come. */
function said(command: string, env: NodeJS.ProcessEnv): Promise<string> {
  const script = `curl() { command curl --silent --include "$@"; }; ${command}`;
  const shell = spawn("sh", ["-c", script], { env, detached: true });
  return new Promise((resolve, reject) => {
    let printed = "";
    shell.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      const isStream = /^content-type: text\/event-stream/im.test(printed);
      if (isStream && /\r\n\r\n\S/.test(printed)) process.kill(-(shell.pid as number), "SIGKILL");
    });
    shell.on("error", reject).on("close", () => resolve(printed));
  });
}

describe("the examples of curl", () => {
  // What leads elsewhere, such as to GitHub, is not ours to run.
  const examples = examplesIn("sh").filter(({ text }) => text.startsWith("curl") && text.includes("127.0.0.1:4000"));

  test("there are some", () => expect(examples.length).toBeGreaterThan(4));

  test.for(examples)("$name is answered", async ({ text }, { world }) => {
    const { key, values } = await story(world);
    const { keyEvents } = await send(world, "{ keyEvents(first: 1) { pageInfo { endCursor } } }");
    ok(await world.root.key("revokeKey", { id: key.id, reason: "so that something has happened" }));
    const token = world.server.rootToken;
    const env = { ...process.env, TOKEN: token, KEYPLANE_TOKEN: token, CURSOR: keyEvents.pageInfo.endCursor };
    const answer = await said(fillIn(text, values).replaceAll("http://127.0.0.1:4000", world.url), env);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).not.toContain('"errors"');
    expect(answer.split("\r\n\r\n").slice(1).join("").trim()).not.toBe("");
  });
});
