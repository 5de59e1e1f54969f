import type { ArgBuilder, ObjectRef } from "@pothos/core";
import { defaultPageSize, maxPageSize, type Page } from "../platform/pages.js";
import { builder, type Types } from "./builder.js";

/** `first` and `after`, the same for every list. */
export function pageArguments(t: ArgBuilder<Types>) {
  return {
    first: t.int({
      description: `How many entries, 1 to ${maxPageSize}.`,
      defaultValue: defaultPageSize,
    }),
    after: t.string({ description: "The `endCursor` of the page before; leave it out for the first page." }),
  };
}

/** The cost of a list grows with the number of entries asked for. */
export const listComplexity = (args: { first?: number | null | undefined }): { field: number; multiplier: number } => ({
  field: 1,
  multiplier: Math.max(1, Math.min(args.first ?? defaultPageSize, maxPageSize)),
});

/** The connection type of a kind of entry, e.g. KeyConnection, with a total that is counted only when asked for. */
export function connectionOf<Entry extends object>(
  name: string,
  type: ObjectRef<Types, Entry>,
): ObjectRef<Types, Page<Entry>> {
  return builder.connectionObject(
    {
      type,
      name: `${name}Connection`,
      description: `A page of a list of ${name} entries.`,
      fields: (t) => ({
        totalCount: t.int({
          description: "How many entries the whole list has, over all pages.",
          complexity: 10,
          resolve: (page) => (page as unknown as Page<Entry>).totalCount(),
        }),
      }),
    },
    { name: `${name}Edge`, description: "An entry with its cursor." },
  ) as never;
}
