import { encodedSize } from "../bson/encode.js";
import type { Doc } from "../bson/values.js";
import type { Call } from "../commands/context.js";
import { fault } from "../errors.js";

/** Documents that flow from stage to stage, some at a time; null at the end. */
export interface Rows {
  next(): Promise<Doc[] | null>;
}

/** Rows made one by one from others; several or none from one. */
export function flatMapRows(rows: Rows, map: (doc: Doc) => Doc[]): Rows {
  return { next: async () => (await rows.next())?.flatMap(map) ?? null };
}

/** Rows made one from one. */
export function mapRows(rows: Rows, map: (doc: Doc) => Doc): Rows {
  return { next: async () => (await rows.next())?.map(map) ?? null };
}

/** Rows that are computed from all of the others, when the first is asked for. */
export function lateRows(compute: () => Promise<Doc[]>): Rows {
  const AT_ONCE = 500;
  let results: Doc[] | null = null;
  let position = 0;
  return {
    async next() {
      results ??= await compute();
      if (position >= results.length) return null;
      const some = results.slice(position, position + AT_ONCE);
      position += AT_ONCE;
      return some;
    },
  };
}

/** All rows at once. @throws code 292 when they are more than a stage may hold. */
export async function collect(call: Call, rows: Rows, stage: string): Promise<Doc[]> {
  const all: Doc[] = [];
  let bytes = 0;
  for (let some = await rows.next(); some !== null; some = await rows.next()) {
    for (const doc of some) {
      bytes += encodedSize(doc);
      if (bytes > call.server.maxStageBytes) throw stageMemoryExceeded(call, stage);
      all.push(doc);
    }
    if (call.pace.overdue) await call.pace.rest();
  }
  return all;
}

/** MongoDB's refusal of a stage that needs too much memory. */
export function stageMemoryExceeded(call: Call, stage: string): Error {
  return fault(
    292,
    `PlanExecutor error during aggregation :: caused by :: Exceeded memory limit of ${call.server.maxStageBytes} bytes for ${stage}, but external ${stage === "$sort" ? "sort" : "storage"} is not allowed. embedded-mongo keeps everything in memory: allowDiskUse has no effect here.`,
  );
}
