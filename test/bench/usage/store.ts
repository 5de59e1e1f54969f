/** The store of the benchmark's questions, in a process of its own and in a temporary folder that is not forced to disk. */
import { startEmbeddedMongo } from "@keyplane/embedded-mongo";

// The plain `$group` makes a group of each key and hour, which a MongoDB puts on disk and this one keeps in memory.
const { url, close } = await startEmbeddedMongo({ dataDir: undefined, maxStageBytes: 2 ** 31 });
process.send?.(url);
process.on("disconnect", () => void close().finally(() => process.exit(0)));
