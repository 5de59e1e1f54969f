// `npm start`: sets up what is missing, then becomes the server, in this same process so that signals reach it.
import { main } from "./lib/workspace.mjs";
import { ensureSetup } from "./setup.mjs";

await main(ensureSetup);
const { register } = await import("tsx/esm/api");
register();
await import("../packages/server/src/main.ts");
