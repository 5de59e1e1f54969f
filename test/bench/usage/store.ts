/** The store of the benchmark's questions, in a process of its own and in a temporary folder that is not forced to disk. */
import { startEmbeddedMongo } from "@keyplane/embedded-mongo";

const { url, close } = await startEmbeddedMongo({ dataDir: undefined });
process.send?.(url);
process.on("disconnect", () => void close().finally(() => process.exit(0)));
