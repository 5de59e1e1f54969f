import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root, run, succeed, temporaryFolder, tool } from "./program.js";

/** The snippets of the page that are whole files, by their names. */
function filesOf(page: string): Map<string, string> {
  const files = [...page.matchAll(/^```ts\n\/\/ (\S+\.ts)\n(.*?)^```$/gms)];
  return new Map(files.map(([, name = "", text = ""]) => [name, text]));
}

test("the snippets about testing compile strictly, and their tests pass with vitest and node:test", async () => {
  const files = filesOf(readFileSync(join(root, "docs/sdk/testing.md"), "utf8"));
  expect([...files.keys()]).toEqual(["app.ts", "app.test.ts", "app.node-test.ts", "control-plane.test.ts"]);
  const folder = temporaryFolder();
  try {
    mkdirSync(join(folder.path, "node_modules/@keyplane"), { recursive: true });
    const sdk = join(root, "packages/sdk");
    symlinkSync(sdk, join(folder.path, "node_modules/@keyplane/sdk"));
    symlinkSync(join(sdk, "node_modules/hono"), join(folder.path, "node_modules/hono"));
    symlinkSync(join(root, "node_modules/vitest"), join(folder.path, "node_modules/vitest"));
    for (const [name, text] of files) writeFileSync(join(folder.path, name), text);
    writeFileSync(join(folder.path, "package.json"), '{ "type": "module" }');
    const conditions = ["source", "module", "node", "development|production"];
    writeFileSync(
      join(folder.path, "vitest.config.js"),
      `export default { ssr: { resolve: { conditions: ${JSON.stringify(conditions)} } } };`,
    );

    const strict = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext"];
    const types = ["--customConditions", "source", "--types", "node", "--typeRoots", join(root, "node_modules/@types")];
    await succeed(process.execPath, [tool.tsc, ...strict, ...types, ...files.keys()], folder.path);

    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const byVitest = await run(process.execPath, [vitest, "run", "--testTimeout=60000"], folder.path, {
      NO_COLOR: "1",
    });
    expect(byVitest).toMatchObject({ code: 0, stdout: expect.stringContaining("Tests  4 passed (4)") });

    const node = ["--conditions=source", "--import", tool.tsx, "--test", "app.node-test.ts"];
    const byNode = await run(process.execPath, node, folder.path, { NODE_TEST_CONTEXT: undefined });
    expect(byNode).toMatchObject({ code: 0, stdout: expect.stringMatching(/pass 1\b/) });
  } finally {
    folder.remove();
  }
});
