import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, startServer, test, World } from "../testkit/index.js";
import { root, run, succeed, temporaryFolder, tool } from "./program.js";

/** The README's snippets as one program, in their order. */
function programOf(readme: string): string {
  return [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, snippet]) => snippet).join("\n");
}

/** What the program says that it prints: the comment behind each console.log. */
function promisedOutput(program: string): string {
  const promises = [...program.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)];
  return promises.map(([, output]) => `${output}\n`).join("");
}

describe("the README of the SDK", () => {
  const page = readFileSync(join(root, "packages/sdk/README.md"), "utf8");
  const program = programOf(page);

  test("makes a tenant of its own, so that it can be followed after the other guides on one server", () => {
    const slugsOf = (text: string) => [...text.matchAll(/\bslug"?: "([a-z0-9-]+)"/g)].map(([, slug]) => slug);
    const others = ["README.md", "docs/start.md"].flatMap((path) => slugsOf(readFileSync(join(root, path), "utf8")));
    const own = slugsOf(page);
    expect([own.length, others.length]).not.toContain(0);
    expect(own.filter((slug) => others.includes(slug))).toEqual([]);
  });

  test("says that the package is not published, and names the file that packing it makes", () => {
    const { version } = JSON.parse(readFileSync(join(root, "packages/sdk/package.json"), "utf8"));
    expect(page).toContain("not published to npm yet");
    expect(page).toContain(`keyplane-sdk-${version}.tgz`);
  });

  test("has snippets that compile strictly, run in their order, and print what they say", async () => {
    const folder = temporaryFolder();
    // They record usage by the real clock, so their server must not be one whose clock another test has moved.
    const server = await startServer();
    const world = new World(server);
    await world.root.usage(world.around((await world.tenant()).tenant.id)); // waits until the server can count
    try {
      mkdirSync(join(folder.path, "node_modules/@keyplane"), { recursive: true });
      symlinkSync(join(root, "packages/sdk"), join(folder.path, "node_modules/@keyplane/sdk"));
      writeFileSync(join(folder.path, "program.mts"), program);

      const strict = [
        "--noEmit",
        "--strict",
        "--exactOptionalPropertyTypes",
        "--target",
        "es2022",
        "--module",
        "nodenext",
      ];
      const types = [
        "--customConditions",
        "source",
        "--types",
        "node",
        "--typeRoots",
        join(root, "node_modules/@types"),
      ];

      await succeed(process.execPath, [tool.tsc, ...strict, ...types, "program.mts"], folder.path);

      const ended = await run(
        process.execPath,
        ["--conditions=source", "--import", tool.tsx, "program.mts"],
        folder.path,
        { KEYPLANE_URL: server.url, KEYPLANE_TOKEN: server.rootToken },
      );

      expect(ended).toEqual({ code: 0, stdout: promisedOutput(program), stderr: "" });
    } finally {
      folder.remove();
      await server.stop();
    }
  });
});
