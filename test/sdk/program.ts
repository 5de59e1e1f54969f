import { type ExecFileException, execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The repository's folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A tool of the repository's own. */
export const tool = {
  tsc: join(root, "node_modules/typescript/bin/tsc"),
  tsx: pathToFileURL(join(root, "node_modules/tsx/dist/loader.mjs")).href,
};

/** What a program printed, and how it ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, while this process goes on serving it. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...env }, timeout: 100_000, maxBuffer: 16_000_000 };
    execFile(command, args, options, (error: ExecFileException | null, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });
}

/** Runs a program that must succeed. @returns its standard output. */
export async function succeed(...call: Parameters<typeof run>): Promise<string> {
  const { code, stdout, stderr } = await run(...call);
  if (code !== 0) throw new Error(`${call[0]} ${call[1].join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout;
}

/** A new folder outside the repository, so that nothing of the repository's node_modules is found by accident. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "keyplane-sdk-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
