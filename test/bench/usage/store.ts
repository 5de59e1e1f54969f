/** The store of the benchmark's questions, in a process of its own. @param argv.dataDir its folder. */
import { startEmbeddedMongo } from "@keyplane/embedded-mongo";

const [, , dataDir] = process.argv;
const { url } = await startEmbeddedMongo({ dataDir });
process.send?.(url);
process.on("disconnect", () => process.exit(0));
