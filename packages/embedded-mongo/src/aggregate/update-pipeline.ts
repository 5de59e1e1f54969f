import { plain } from "../bson/encode.js";
import type { Doc } from "../bson/values.js";
import { documentStage } from "./document-stages.js";
import type { Scope } from "./expressions.js";

/** Applies an update that is an aggregation pipeline to a document; at once, for it happens within a transaction. */
export function runUpdatePipeline(stages: readonly Doc[], doc: Doc, scope: Scope): Doc {
  return stages.reduce((current, stage) => {
    const [name] = Object.keys(stage) as [string];
    const apply = documentStage(name, stage[name], scope);
    return apply === null ? current : apply(current);
  }, plain(doc) as Doc);
}
