// `npm start`: sets up what is missing, then becomes the server, in this same process so that signals reach it.
import { main } from "./lib/workspace.mjs";
import { ensureSetup } from "./setup.mjs";

await main(() => ensureSetup({ toStart: true }));

// graphql-js checks each type's realm on every call unless it is told that this is no development.
process.env.NODE_ENV ??= "production";
await import("../packages/server/dist/main.js");
