import type { AuditRecord, Db } from "../../platform/database/index.js";
import type { Place } from "../../platform/pages.js";
import { findHistory } from "../audit/index.js";

/** How many records are read at once. */
const pageSize = 50;

/** The records of one thing one after the other, the nearest to the time first: read as far as somebody asks for more. */
export function eachOf(db: Db, of: Parameters<typeof findHistory>[1]): AsyncGenerator<AuditRecord> {
  return pages((beyond) => findHistory(db, of, pageSize, beyond));
}

/** By places, not by times: there may be more of one millisecond than a page has. */
async function* pages(read: (beyond: Place | null) => Promise<AuditRecord[]>): AsyncGenerator<AuditRecord> {
  for (let beyond: Place | null = null; ; ) {
    const page = await read(beyond);
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    beyond = { value: last.createdAt, id: last.id };
  }
}
