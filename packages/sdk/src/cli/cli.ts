import { KeyplaneError } from "../client/errors.js";
import { Keyplane } from "../client/keyplane.js";
import { resolveTransport } from "../client/resolve-options.js";
import { KeyplaneRefusedError } from "../client/results.js";
import { realRuntime } from "../client/runtime.js";
import type { Command, Context, ExitResult } from "./command.js";
import { type Environment, readEnvironment } from "./environment.js";
import { byResult, exitCodes, exitNameOf, UsageError } from "./exit-codes.js";
import { Printer } from "./output/printer.js";
import { safe } from "./output/text.js";
import { type GlobalOptions, runProgram, SaidAlready } from "./program.js";
import { refuseSecrets } from "./secret-arguments.js";
import { SessionStore } from "./session/session-store.js";
import { sharedSession } from "./session/shared-session.js";
import { type Streams, Terminal } from "./terminal.js";

/** What the process gives to the program. */
export interface Invocation {
  /** The arguments, without the program's own name. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The user's home. */
  readonly home: string;
  readonly version: string;
  readonly streams: Streams;
  /** Aborts when somebody presses Ctrl-C. */
  readonly signal: AbortSignal;
}

const localServer = "http://127.0.0.1:4000";
/** Shorter than a lock is waited for: see session/file-lock.ts. */
const refreshTimeoutMs = 15_000;

/** Runs one command. Never throws. @returns the exit code. */
export async function runCli({
  args,
  environment: given,
  home,
  version,
  streams,
  signal,
}: Invocation): Promise<number> {
  let isJson = args.includes("--json");
  const run = async (
    command: Command,
    options: Readonly<Record<string, unknown>>,
    global: GlobalOptions,
    argument: string,
  ): Promise<ExitResult> => {
    isJson = global.json;
    const environment = readEnvironment(given, home);
    return command.run(contextOf(environment, global, streams, signal), options, argument);
  };
  const output = {
    out: (text: string) => void streams.stdout.write(text),
    // With --json, errors are JSON, too.
    error: (text: string) => void (isJson || streams.stderr.write(text)),
  };
  try {
    refuseSecrets(args);
    const result = await runProgram(args, version, run, output);
    return exitCodes[result === undefined ? "OK" : byResult[result]].code;
  } catch (error) {
    const name = exitNameOf(error);
    if (isJson) streams.stderr.write(`${JSON.stringify({ error: detailsOf(error, name) })}\n`);
    else if (!(error instanceof SaidAlready)) streams.stderr.write(`${wordsOf(error)}\n`);
    return exitCodes[name].code;
  }
}

function contextOf(environment: Environment, global: GlobalOptions, streams: Streams, signal: AbortSignal): Context {
  const sessions = new SessionStore(environment.folder);
  const { token } = environment;
  // A token goes to the server that was named with it, never to one where somebody once signed in.
  const usual = token === undefined ? (sessions.current ?? localServer) : localServer;
  const url = serverOf(global.url ?? environment.url ?? usual);
  let client: Keyplane | undefined;
  const makeClient = (): Keyplane => {
    const deps = { ...resolveTransport({ url, timeoutMs: refreshTimeoutMs }), runtime: realRuntime };
    const credentials = token === undefined ? { provider: sharedSession(sessions, url, deps) } : { token };
    return new Keyplane({ url, credentials, timeoutMs: 30_000 });
  };
  return {
    client: () => {
      client ??= asUsage(makeClient);
      return client;
    },
    url,
    sessions,
    hasToken: token !== undefined,
    terminal: new Terminal(streams),
    print: new Printer(streams, { json: global.json, quiet: global.quiet, hasColors: environment.hasColors }),
    signal,
    now: () => Date.now(),
  };
}

/** The address as sessions are kept under it: without the endpoint. @throws UsageError */
function serverOf(url: string): string {
  return asUsage(() => resolveTransport({ url })).url.replace(/\/graphql$/, "");
}

/** What the client refuses of the address and the token came from the command line or the environment. */
function asUsage<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function detailsOf(error: unknown, exit: string): Record<string, unknown> {
  if (error instanceof KeyplaneRefusedError)
    return { ...error.toJSON(), ...error.refusal, __typename: undefined, exit };
  if (error instanceof KeyplaneError) return { ...error.toJSON(), exit };
  return { code: exit, message: error instanceof Error ? error.message : String(error), exit };
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return safe(String(error));
  // The message of a refused input is the sentences of its issues.
  const issues = error instanceof KeyplaneRefusedError && "issues" in error.refusal ? error.refusal.issues : [];
  const lines = [`Error: ${issues.length > 0 ? "the input is not acceptable." : safe(error.message)}`];
  for (const { path, message } of issues) lines.push(`  ${safe(path.join("."))}: ${safe(message)}`);
  if (error instanceof KeyplaneError) {
    if (error.code === "UNAUTHENTICATED" && !error.message.includes("sign-in")) {
      lines.push("Sign in with: keyplane sign-in. Or set KEYPLANE_TOKEN to a management token.");
    }
    if (error.docsUrl) lines.push(`Read on: ${error.docsUrl}`);
    if (error.requestId) lines.push(`Request: ${error.requestId}`);
  }
  return lines.join("\n");
}
