import { refusesOverdue, rotateBy } from "@keyplane/schema";
import type { Api, AuditRecord, Key, Tenant } from "../../platform/database/index.js";
import { versionsOf } from "../apis/index.js";
import type { Rows } from "./diagnosis.store.js";
import { changesOf } from "./history.js";
import { recordOf } from "./reading.js";
import { textOf } from "./tampering.js";

/** Things with a rule by which something is refused from a moment on, by what they are, with the records about each of them. */
interface Ruled<Things extends object> {
  readonly things: Things;
  readonly records: { readonly [Kind in keyof Things]: readonly AuditRecord[] };
  /** The fields that make the rule. */
  readonly fields: readonly string[];
  /** From when on it is refused as long as things are so, in epoch milliseconds; null: it is not. */
  readonly from: (things: Things) => number | null;
}

/**
 * Since when a rule refuses something that it refuses now: since the moment that it names, or since the change that made it, where that
 * came later. A change while it was refused already began nothing.
 *
 * @returns `change`: that of the rule; null where the records do not have it.
 */
export function refusedSince<Things extends object>({
  things,
  records,
  fields,
  from,
}: Ruled<Things>): {
  readonly since: number | null;
  readonly change: AuditRecord | null;
} {
  const kinds = Object.keys(things) as (keyof Things)[];
  const changes = kinds
    .flatMap((kind) => changesOf(records[kind]).map((change) => ({ kind, ...change })))
    .filter(({ before, after }) => !agree(fields, before, after))
    .sort((one, other) => other.record.createdAt.getTime() - one.record.createdAt.getTime());
  const nothing = Object.fromEntries(fields.map((field) => [field, null]));
  let state = things;
  let latest: AuditRecord | null = null;
  for (let next = changes[0]; next; next = changes[0]) {
    const newest = next.record.createdAt.getTime();
    // Those of one millisecond are in no order: any of them may be the last.
    const place = changes.findIndex(
      ({ kind, record, after }) =>
        record.createdAt.getTime() === newest && agree(fields, after, state[kind] as object | null),
    );
    const [change] = place < 0 ? [] : changes.splice(place, 1);
    // Somebody has changed it past Keyplane.
    if (!change) break;
    const { kind, record, before } = change;
    const without = { ...state, [kind]: { ...state[kind], ...(before ?? nothing) } };
    const [since, former] = [from(state), from(without)];
    state = without;
    // Another rule counts.
    if (former === since) continue;
    if (former === null || former > newest) return { since: Math.max(since ?? newest, newest), change: record };
    latest ??= record;
  }
  return { since: from(things), change: latest };
}

function agree(fields: readonly string[], one: object | null, other: object | null): boolean {
  const [left, right] = [one, other] as (Record<string, unknown> | null)[];
  return fields.every((field) => textOf(left?.[field]) === textOf(right?.[field]));
}

/** Of a key that is refused because it was not rotated in time. */
export function overdueSource(
  rows: Rows,
  records: { readonly key: readonly AuditRecord[]; readonly tenant: readonly AuditRecord[] },
) {
  const { key, tenant } = rows;
  return refusedSince<{ readonly key: Key; readonly tenant: Tenant }>({
    things: { key, tenant },
    records,
    fields: ["rotateEveryMs", "rotationOverdue"],
    from: (then) => {
      const record = recordOf({ ...rows, ...then });
      return refusesOverdue(record) ? rotateBy(record) : null;
    },
  });
}

/** Of a version of an API that is refused because it was retired. */
export function retiredSource(api: Api, version: string, records: readonly AuditRecord[]) {
  return refusedSince<{ readonly api: Api }>({
    things: { api },
    records: { api: records },
    fields: ["versions"],
    from: (then) => (versionsOf(then.api) ?? []).find(({ name }) => name === version)?.retiredAt ?? null,
  });
}
