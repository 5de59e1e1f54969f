import { Aggregator } from "mingo/aggregator";
import { plain } from "../bson/encode.js";
import type { Doc } from "../bson/values.js";
import { mingoOptions } from "./expressions.js";

/** Applies an update that is an aggregation pipeline to a document. */
export function runUpdatePipeline(stages: readonly Doc[], doc: Doc, clock: () => Date, variables: Doc): Doc {
  const [result] = new Aggregator(plain(stages) as Doc[], mingoOptions(clock, variables)).run<Doc>([plain(doc) as Doc]);
  return result ?? doc;
}
