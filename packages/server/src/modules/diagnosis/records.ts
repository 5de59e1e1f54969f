import type { AuditRecord, Db } from "../../platform/database/index.js";
import type { Place } from "../../platform/pages.js";
import { findHistory, findHistoryOfKind } from "../audit/index.js";

/** How many records are read at once: of one thing few are needed, of all of a kind most say nothing. */
const pageSize = { ofOne: 50, ofKind: 500 };

/** The records of one thing one after the other, the nearest to the time first: read as far as somebody asks for more. */
export function eachOf(db: Db, of: Parameters<typeof findHistory>[1]): AsyncGenerator<AuditRecord> {
  return pages(pageSize.ofOne, (take, beyond) => findHistory(db, of, take, beyond));
}

/** The same of all things of one kind of a tenant. */
export function eachOfKind(db: Db, of: Parameters<typeof findHistoryOfKind>[1]): AsyncGenerator<AuditRecord> {
  return pages(pageSize.ofKind, (take, beyond) => findHistoryOfKind(db, of, take, beyond));
}

/** By places, not by times: there may be more of one millisecond than a page has. */
async function* pages(
  take: number,
  read: (take: number, beyond: Place | null) => Promise<AuditRecord[]>,
): AsyncGenerator<AuditRecord> {
  for (let beyond: Place | null = null; ; ) {
    const page = await read(take, beyond);
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < take) return;
    beyond = { value: last.createdAt, id: last.id };
  }
}
