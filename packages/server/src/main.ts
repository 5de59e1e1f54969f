import type { Keyplane } from "./compose.js";
import { EnvironmentError, helpText, readEnvironment, type Settings, unknownVariables } from "./env.js";
import type { RootToken } from "./modules/tokens/index.js";
import { StartupError } from "./platform/database/startup-error.js";
import { createLogger } from "./platform/logger.js";
import { listeningUrl } from "./platform/public-url.js";
import { keepGarbageYoung } from "./platform/young-garbage.js";
import { exitOnFaults, stopOnSignals } from "./stopping.js";
import { version } from "./version.js";

const given = process.argv.slice(2);
if (given.includes("--help") || given.includes("-h")) {
  process.stdout.write(helpText());
} else if (given.includes("--version")) {
  process.stdout.write(`${version}\n`);
} else if (given[0] !== undefined) {
  fail(unknownArgument(given[0]));
} else {
  await start().catch((error: unknown) => fail(error));
}

async function start(): Promise<void> {
  keepGarbageYoung();
  const settings = readEnvironment(process.env);
  const logger = createLogger(settings.logLevel);
  exitOnFaults(logger);
  const stopping = stopOnSignals(logger);
  for (const name of unknownVariables(process.env)) {
    logger.warn({ variable: name }, "this is not a variable of Keyplane: check its spelling against --help");
  }
  // Here, because loading the server takes most of a second: what needs none of it is answered at once.
  const { compose } = await import("./compose.js");
  const keyplane = await compose(settings, { logger, abort: stopping }).catch((error: unknown) => {
    if (error === stopping.reason) process.exit(0); // asked to, and nothing is left open
    throw error;
  });
  const stop = (): Promise<never> =>
    keyplane.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, "stopping failed");
        process.exit(1);
      },
    );
  await keyplane.recording.started.catch(async (error: unknown) => {
    await keyplane.stop().catch((err: unknown) => logger.error({ err }, "stopping failed"));
    return fail(error, keyplane.rootToken);
  });
  if (stopping.aborted) {
    process.stderr.write(unseenToken(keyplane.rootToken));
    await stop();
  }

  const { port } = await keyplane.http.listen(settings.port, settings.host).catch(async (error: unknown) => {
    await keyplane.stop().catch((err: unknown) => logger.error({ err }, "stopping failed"));
    return fail(portError(error, settings), keyplane.rootToken);
  });
  welcome(keyplane, settings, port);
  logger.info({ port, database: keyplane.database.kind }, "listening");
  if (stopping.aborted) await stop();
  stopping.addEventListener("abort", () => void stop());
}

/** Says where to go next. To standard error, so that standard output holds log lines only. */
function welcome(keyplane: Keyplane, settings: Settings, port: number): void {
  const url = listeningUrl(settings.host, port);
  const { rootToken } = keyplane;
  const token =
    rootToken.source === "generated"
      ? `Root token    ${rootToken.secret}\n                Shown this once: keep it. It may do everything.`
      : rootToken.source === "environment"
        ? "Root token    the value of KEYPLANE_ROOT_TOKEN"
        : "Root token    printed at the first start. Lost? Set KEYPLANE_ROOT_TOKEN to a new one and start again.";
  process.stderr.write(`
  Keyplane is running.

  Playground    ${url}/graphql
  Usage         ${url}/usage
  What is here  ${url}/
  ${token}

`);
  if (settings.rootToken !== null && settings.rootToken.length < 32) {
    process.stderr.write(
      "  KEYPLANE_ROOT_TOKEN is short: use 32 random characters or more for anything but trying out.\n\n",
    );
  }
}

function portError(error: unknown, { port, host }: Settings): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EADDRINUSE") {
    return new StartupError(`Port ${port} is taken. Stop what listens there, or choose another one with PORT.`);
  }
  if (code === "EACCES") {
    return new StartupError(`Port ${port} needs more rights. Choose one above 1023 with PORT.`);
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    return new StartupError(`This machine has no address ${host}. Correct HOST.`);
  }
  return error;
}

/** Ignored, it would leave somebody looking for the server on another port. What follows the name may be a secret. */
function unknownArgument(argument: string): StartupError {
  const [name] = argument.split("=");
  const problem = name?.startsWith("-")
    ? `There is no argument ${name}`
    : "There are no arguments but --help and --version";
  return new StartupError(
    `${problem}: settings are environment variables, as in PORT=5000 npm start. Run with --help to see them all.`,
  );
}

/** One clear sentence for what a person can mend; everything else is a fault of ours and comes with its trace. */
function fail(error: unknown, rootToken?: RootToken): never {
  if (error instanceof EnvironmentError || error instanceof StartupError) {
    process.stderr.write(`Keyplane cannot start. ${error.message}\n`);
  } else {
    console.error("Keyplane cannot start because of a fault of its own:", error);
  }
  if (rootToken) process.stderr.write(unseenToken(rootToken));
  process.exit(1);
}

/** The token of a start that comes to nothing: without it, nobody could enter after the next one. */
function unseenToken(rootToken: RootToken): string {
  if (rootToken.source !== "generated") return "";
  return `
  Root token    ${rootToken.secret}
                Made by this start and kept in the database: it will not be printed again. It may do everything.

`;
}
