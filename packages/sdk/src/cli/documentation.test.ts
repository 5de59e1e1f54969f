import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { asked } from "../test-helpers/command-line.js";
import { commands } from "./commands/index.js";

const docs = new URL("../../../../docs/", import.meta.url);
const pages = readdirSync(docs, { recursive: true, encoding: "utf8" }).filter(
  // The reference is made of the table of commands itself.
  (name) => name.endsWith(".md") && !name.startsWith("internals") && name !== "reference/cli.md",
);

/** What pages say to type, in blocks for a shell and within sentences: `keyplane keys list`. */
function linesOf(page: string): string[] {
  const text = readFileSync(new URL(page, docs), "utf8");
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) =>
    block.replaceAll("\\\n", " ").split("\n"),
  );
  const spans = [...text.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/`(keyplane [^`]+)`/g)].map(
    ([, span = ""]) => span,
  );
  // What a shell puts in is any text.
  const typed = [...blocks, ...spans].map((line) => line.replaceAll(/"\$(?:\([^)]*\)|\w+)"/g, "it"));
  return typed.flatMap((line) =>
    [...line.matchAll(/(?:^|[\s(])keyplane ([a-z-][^<>|;)]*)/g)].map(([, command = ""]) => command.trim()),
  );
}

const examples = pages.flatMap((page) => linesOf(page).map((line) => [page, line] as const));

test("the pages tell of many commands", () => expect(examples.length).toBeGreaterThan(20));

test.for(examples)("%s: keyplane %s is a command that there is, with options that it has", async ([, line]) => {
  // A command's name alone, within a sentence, is no example of it.
  const named = line.replace(/ ?--help$/, "");
  if (named === "" || commands.some(({ path }) => path === named || path.startsWith(`${named} `))) return;
  const words = line.replaceAll('"', "'");
  expect(commands.map(({ path }) => path)).toContain((await asked(words)).path);
});
