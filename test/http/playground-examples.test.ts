import { playgroundExamples, schema } from "@keyplane/server";
import { parse, validate } from "graphql";
import { onTestFinished } from "vitest";
import { EventStream } from "../testkit/event-stream.js";
import { type Caller, describe, expect, second, startServer, test, World } from "../testkit/index.js";
import { startReceiver } from "../testkit/webhooks.js";

const anyRefusal = /"__typename":"\w+Error"/;
const nameOf = (example: string): string => /^(?:query|mutation|subscription) (\w+)/m.exec(example)?.[1] ?? "";

/** What an example answers; of a subscription all that it tells, to its end. */
async function answerOf(caller: Caller, text: string): Promise<Record<string, unknown>> {
  if (!/^subscription /m.test(text)) return caller.query(text);
  const told = await (await EventStream.open(caller.url, caller.token, text)).rest();
  for (const { errors } of told) expect(errors).toBeUndefined();
  return { told: told.map(({ data }) => data) };
}

describe("the examples of the playground", () => {
  test.for(playgroundExamples.map((example) => [nameOf(example), example] as const))(
    "%s fits the schema",
    ([, example]) => {
      expect(validate(schema, parse(example))).toEqual([]);
      expect(example).toMatch(/^# \d+\. /);
    },
  );

  test("work in their order, with what each answers in the place of the next one's …", async () => {
    // Of a server whose clock nobody else has moved: one asks for this month.
    const server = await startServer();
    onTestFinished(() => server.stop());
    const world = new World(server);
    const slug = world.unique("acme");
    const receiver = await startReceiver();
    const found = new Map<string, string>();
    const answers = new Map<string, Record<string, unknown>>();
    for (const example of playgroundExamples) {
      // What happens now is newer than all that other tests on this server did.
      world.clock.advance(second);
      let text = example.replace('"acme"', `"${slug}"`).replace("https://ops.acme.example/keyplane", receiver.url);
      for (const [prefix, value] of found) text = text.replaceAll(`"${prefix}…"`, `"${value}"`);
      expect(text.replace(/^#.*$/gm, "")).not.toContain("…");
      const data = await answerOf(world.root, text);
      const flat = JSON.stringify(data);
      // Nobody has set Ada's password.
      const refusals = nameOf(example) === "SignIn" ? /"__typename":"(?!InvalidCredentials)\w+Error"/ : anyRefusal;
      expect(flat, nameOf(example)).not.toMatch(refusals);
      for (const prefix of ["ten_", "usr_", "key_", "whk_", "int_"]) {
        const id = new RegExp(`"(${prefix}[0-9A-Za-z]{24})"`).exec(flat)?.[1];
        if (id && !found.has(prefix)) found.set(prefix, id);
      }
      const secret = /"(acme_live_[0-9A-Za-z]{49})"/.exec(flat)?.[1];
      if (secret) found.set("acme_live_", secret);
      answers.set(nameOf(example), data);
    }
    await receiver.close();
    expect(answers.get("ReportLeakedKey")).toMatchObject({ reportLeakedKey: { finding: { kind: "LEAKED" } } });
    expect(answers.get("WhoAmI")).toMatchObject({ viewer: { role: "ADMIN" } });
    expect(answers.get("MayI")).toMatchObject({ can: { allowed: false, reason: expect.stringContaining("revoked") } });
    expect(answers.get("VerifyKey")).toMatchObject({ verifyKey: { valid: true, code: "VALID" } });
    expect(answers.get("RevokeKey")).toMatchObject({ revokeKey: { key: { status: "REVOKED" } } });
    expect(answers.get("ResolveInvalidUser")).toMatchObject({
      resolveInvalidUser: { steps: { 4: { name: "TEST", outcome: "FAILED" } }, verdict: { code: "REVOKED" } },
    });
    expect(answers.get("SetQuota")).toMatchObject({ topUpQuota: { quota: { toppedUp: 5_000, remaining: 105_000 } } });
    const told = answers.get("CheckProgress")?.["told"];
    expect(told).toEqual(
      expect.arrayContaining([{ integrityCheckProgress: expect.objectContaining({ status: "DONE" }) }]),
    );
    expect(JSON.stringify(answers.get("AuditLog"))).toContain("key.revoked");
  });
});
