/** The server as a library: what tests and embedders use. The program is `main.ts`. */
export { compose, type Keyplane, type Outside } from "./compose.js";
export { readEnvironment, type Settings, variables } from "./env.js";
export { schema } from "./graphql/schema.js";
export { createGraphql } from "./graphql/yoga.js";
export { playgroundExamples } from "./http/playground-examples.js";
export { servedPaths } from "./http/server.js";
export type { Clock } from "./platform/clock.js";
export { type Database, loadTemplate, openDatabase } from "./platform/database/index.js";
export { createLogger } from "./platform/logger.js";
export { keepGarbageYoung } from "./platform/young-garbage.js";
