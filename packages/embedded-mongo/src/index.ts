export type { EmbeddedMongoOptions } from "./options.js";
export { type EmbeddedMongo, startEmbeddedMongo } from "./server.js";
