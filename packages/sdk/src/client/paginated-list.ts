import { ServerError } from "./errors.js";

/** Which page to read. */
export interface PageRequest {
  /** How many entries, 1 to 100. Default: the list's `pageSize`. */
  readonly first?: number | undefined;
  /** The `endCursor` of the page before. Default: the first page. */
  readonly after?: string | null | undefined;
}

/** One page of a list. */
export interface Page<Entry> {
  readonly nodes: readonly Entry[];
  readonly pageInfo: {
    /** Pass it as `after` in order to read on; null when the page is empty. */
    readonly endCursor: string | null;
    readonly hasNextPage: boolean;
  };
}

/** One page, and how many entries the whole list has. */
export interface CountedPage<Entry> extends Page<Entry> {
  readonly totalCount: number;
}

/** Reads one page. `counted` asks for the whole list's length too, which costs the server a count. */
export type ReadPage<Entry> = (request: {
  readonly first: number;
  readonly after: string | null;
  readonly counted: boolean;
}) => Promise<Page<Entry> & { readonly totalCount?: number }>;

/**
 * A list that reads itself page by page. Nothing is asked of the server before the first entry is; whoever stops early
 * leaves the rest unread. Each loop begins anew.
 *
 * Entries that are added or removed meanwhile move nothing: the cursor is a place in the order, not a number of
 * entries.
 */
export class PaginatedList<Entry> implements AsyncIterable<Entry> {
  readonly #readPage: ReadPage<Entry>;
  readonly #pageSize: number;

  /** @internal */
  constructor(readPage: ReadPage<Entry>, pageSize = 100) {
    this.#readPage = readPage;
    this.#pageSize = pageSize;
  }

  /** Reads one page, with the length of the whole list. @throws KeyplaneError */
  async page({ first = this.#pageSize, after = null }: PageRequest = {}): Promise<CountedPage<Entry>> {
    const { nodes, pageInfo, totalCount = nodes.length } = await this.#readPage({ first, after, counted: true });
    return { nodes, pageInfo, totalCount };
  }

  /** Every page, one after the other. @throws KeyplaneError */
  async *byPage(): AsyncGenerator<Page<Entry>, void, undefined> {
    for (let after: string | null = null; ; ) {
      const { nodes, pageInfo } = await this.#readPage({ first: this.#pageSize, after, counted: false });
      yield { nodes, pageInfo };
      if (!pageInfo.hasNextPage) return;
      if (pageInfo.endCursor === null || pageInfo.endCursor === after) {
        const message = "The list does not advance: the server announces another page, but not where it begins.";
        throw new ServerError(message, { code: "INVALID_RESPONSE" });
      }
      after = pageInfo.endCursor;
    }
  }

  /** Every entry, in the list's order. @throws KeyplaneError */
  async *[Symbol.asyncIterator](): AsyncGenerator<Entry, void, undefined> {
    for await (const { nodes } of this.byPage()) yield* nodes;
  }
}
