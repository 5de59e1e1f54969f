import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../testkit/index.js";
import { root } from "./npm-start.js";
import { block, comparable, fillIn, stepsOf } from "./steps.js";

const steps = stepsOf(readFileSync(join(root, "docs/start.md"), "utf8"));
const stepOf = (number: number) => steps[number - 1];

describe("docs/start.md", () => {
  let server: TestServer;
  let application: ChildProcess | undefined;
  let applicationUrl = "";
  /** What a reader would copy from one step into the next. */
  const values: Record<string, string> = {};
  /** What a reader's shell keeps from step 1 on. */
  let prelude = "";

  beforeAll(async () => {
    server = await startServer();
    values["keyplane_live"] = server.rootToken;
    prelude = block(stepOf(1), "sh").replace(/^ask '.*$/m, "");
  });
  afterAll(async () => {
    // npx and tsx are processes between us and the example, so the whole group is ended.
    if (application?.pid) process.kill(-application.pid);
    await server.stop();
  });

  async function shell(text: string): Promise<string> {
    const script = fillIn(text, values)
      .replaceAll("http://127.0.0.1:4000", server.url)
      .replaceAll("http://127.0.0.1:3000", applicationUrl);
    return (await promisify(execFile)("sh", ["-c", script])).stdout;
  }

  test("has its steps", () => {
    expect(steps.map(({ title }) => title.split(".")[0])).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
  });

  test.each([1, 2, 3, 4, 5, 6])("step %i answers what the page shows", async (number) => {
    const step = stepOf(number);
    const text = await shell(number === 1 ? block(step, "sh") : prelude + block(step, "sh"));
    copy(text);
    expect(JSON.parse(comparable(text))).toEqual(JSON.parse(comparable(block(step, "json"))));
  });

  /** Remembers the ids and secrets of an answer; the newest token is the one that the reader goes on with. */
  function copy(text: string): void {
    for (const [, value = "", prefix = ""] of text.matchAll(/"((ten|usr|key|kp_live|keyplane_live)_\w+)"/g)) {
      values[prefix] = value;
    }
  }

  test("step 7 shows the example, and its command starts it", async () => {
    const path = "packages/sdk/examples/orders-api.ts";
    expect(block(stepOf(7), "ts")).toBe(readFileSync(join(root, path), "utf8"));
    expect(block(stepOf(7), "sh")).toContain(` ${path}\n`);
    application = spawn("sh", ["-c", fillIn(block(stepOf(7), "sh"), values)], {
      cwd: root,
      env: { ...process.env, KEYPLANE_URL: server.url, PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    applicationUrl = `http://127.0.0.1:${await portIn(application)}`;
  });

  test("step 8: the example answers what the page shows", async () => {
    expect(await shell(block(stepOf(8), "sh"))).toBe(block(stepOf(8), "text"));
  });
});

/** The port that a program says it listens on. */
function portIn(program: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    program.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const port = /port: (\d+)/.exec(output)?.[1];
      if (port) resolve(port);
    });
    program.once("close", (code) => reject(new Error(`the example ended with ${code}: ${output}`)));
  });
}
