import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { playgroundExamples } from "@keyplane/server";
import { stripIgnoredCharacters } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendGraphql } from "../testkit/index.js";
import { npmStart, root, type ServerProcess } from "./npm-start.js";
import { block, comparable, fillIn, stepsOf } from "./steps.js";

const steps = stepsOf(readFileSync(join(root, "README.md"), "utf8"));

describe("the README's first key in five steps", () => {
  let server: ServerProcess;
  /** What a reader would copy from one step into the next. */
  const values: Record<string, string> = {};

  beforeAll(async () => {
    server = await npmStart();
    values["keyplane_live"] = server.rootToken;
  });
  afterAll(() => server.stop());

  test("there are five", () => {
    expect(steps.map(({ title }) => title.slice(0, 2))).toEqual(["1.", "2.", "3.", "4.", "5."]);
  });

  test("step 1: npm start says what the README shows", () => {
    expect(block(steps[0], "sh")).toBe("npm start\n");
    expect(comparable(server.welcome).trim()).toBe(comparable(block(steps[0], "text")).trim());
  });

  test.each([2, 3, 4])("step %i: the operation answers what the README shows", async (number) => {
    const step = steps[number - 1];
    const { text } = await sendGraphql(server.url, server.rootToken, fillIn(block(step, "graphql"), values));
    for (const [, value = "", prefix = ""] of text.matchAll(/"((ten|usr|acme_live)_\w{24,})"/g)) values[prefix] = value;
    expect(JSON.parse(comparable(text))).toEqual(JSON.parse(comparable(block(step, "json"))));
  });

  test("steps 2 to 4 are what the playground's tabs hold", () => {
    for (const index of [1, 2, 3]) {
      // White space, commas and comments are each place's own.
      const example = stripIgnoredCharacters(playgroundExamples[index] ?? "");
      expect(stripIgnoredCharacters(block(steps[index], "graphql"))).toBe(example);
    }
  });

  test("step 5: the application prints what the README shows", async () => {
    const [path = ""] = /packages\/sdk\/examples\/\S+/.exec(block(steps[4], "sh")) ?? [];
    expect(block(steps[4], "ts")).toBe(readFileSync(join(root, path), "utf8"));
    const command = fillIn(block(steps[4], "sh"), values);
    const { stdout } = await promisify(execFile)("sh", ["-c", command], {
      cwd: root,
      env: { ...process.env, KEYPLANE_URL: server.url },
    });
    expect(comparable(stdout)).toBe(comparable(block(steps[4], "text")));
  });

  test("step 5: the application ends with the reason when it may not revoke", async () => {
    const verifier = await sendGraphql(
      server.url,
      server.rootToken,
      `mutation {
        createManagementToken(input: { name: "verifier", role: DEVELOPER, permissions: [KEYS_VERIFY] }) {
          ... on CreateManagementTokenPayload { secret }
        }
      }`,
    );
    const token = verifier.body.data.createManagementToken.secret;
    const command = fillIn(block(steps[4], "sh"), { ...values, keyplane_live: token });
    const ended = promisify(execFile)("sh", ["-c", command], {
      cwd: root,
      env: { ...process.env, KEYPLANE_URL: server.url },
    });
    await expect(ended).rejects.toMatchObject({ stderr: expect.stringContaining("keys:revoke") });
  });
});
