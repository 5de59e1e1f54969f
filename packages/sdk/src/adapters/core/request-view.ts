/** What adapters read of a request, however its framework names it. */
export interface RequestView {
  readonly method: string;
  /** With its query; with or without scheme and host. */
  readonly url: string;
  /** The lines of a header, by its name in lower case; where a framework has joined them, one line with commas. */
  lines(name: string): readonly string[];
}

/** A request as `node:http` shows it. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly rawHeaders?: readonly string[] | undefined;
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
}

/** A request as `fetch` shows it. */
export interface FetchRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: { get(name: string): string | null };
}

export function viewOfNode(request: NodeRequest): RequestView {
  const { method = "GET", url = "", headers } = request;
  return {
    method,
    url,
    lines(name) {
      const value = headers[name];
      if (value === undefined) return [];
      // Of several lines, Node shows only the first Authorization.
      const raw = linesIn(request.rawHeaders ?? [], name);
      return raw.length > 1 ? raw : [value].flat();
    },
  };
}

/** @param origin the request that this one was made of, where it came through Node: some makers drop lines. */
export function viewOfFetch({ method, url, headers }: FetchRequest, origin?: Partial<NodeRequest>): RequestView {
  return {
    method,
    url,
    lines(name) {
      const value = headers.get(name);
      if (value === null) return [];
      const raw = linesIn(origin?.rawHeaders ?? [], name);
      return raw.length > 1 ? raw : [value];
    },
  };
}

/** @param raw names and values in turn, as they came. */
function linesIn(raw: readonly string[], name: string): string[] {
  return raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name);
}
