#!/usr/bin/env node
// The program: hands the process to runCli, and nothing else. The one place of the SDK that reads the environment.
import { homedir } from "node:os";
import manifest from "../../package.json" with { type: "json" };
import { runCli } from "./cli.js";

const stopping = new AbortController();
let interruptions = 0;
const interrupt = (): void => {
  interruptions++;
  // A session that is just being refreshed shall still be kept. Who presses twice does not want to wait for that.
  if (interruptions > 1) process.exit(130);
  stopping.abort();
};
process.on("SIGINT", interrupt);
process.on("SIGTERM", interrupt);
// Whoever reads the output may have had enough, as `head` has: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

process.exitCode = await runCli({
  args: process.argv.slice(2),
  environment: process.env,
  home: homedir(),
  version: manifest.version,
  streams: process,
  signal: stopping.signal,
});
