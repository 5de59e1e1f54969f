// Runs a server in a process of its own: node --conditions=source --import tsx src/serve.ts '{"dataDir":"…","port":27017}'.
// Prints its address as one line, and ends at SIGTERM, SIGINT, or when its standard input is closed by whoever has started it.
import type { EmbeddedMongoOptions } from "./options.js";
import { startEmbeddedMongo } from "./server.js";

const options = JSON.parse(process.argv[2] ?? "{}") as Partial<EmbeddedMongoOptions>;
const server = await startEmbeddedMongo({
  ...options,
  dataDir: options.dataDir,
  log: (message, error) => console.error(message, error),
});

const stop = (): void => {
  server.close().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
};
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
process.stdin.once("end", stop).resume();
console.log(server.url);
