import { runProgram } from "../cli/program.js";

/** The words of a command line, as a shell hands them over: without what leads to and from files. */
export function wordsOf(line: string): string[] {
  return [...line.replace(/ [<>|].*$/, "").matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

/** What a command line asks for, without doing it. */
export async function asked(
  line: string,
): Promise<{ path: string; options: Record<string, unknown>; argument: string }> {
  const args = wordsOf(line);
  let found: Awaited<ReturnType<typeof asked>> | undefined;
  const said: string[] = [];
  const output = { out: (text: string) => void said.push(text), error: (text: string) => void said.push(text) };
  const run = async (command: { path: string }, options: object, _global: object, argument: string) => {
    found = { path: command.path, options: { ...options }, argument };
    return undefined;
  };
  await runProgram(args, "0", run, output);
  if (!found) throw new Error(said.join(""));
  return found;
}
