import type { RequestView } from "./request-view.js";

/** Where a key may stand in a request. */
export interface KeyPlaces {
  /** The name of a header that holds nothing but the key, in lower case. */
  readonly header: string;
  /** Whether `Authorization: Bearer` is read. */
  readonly bearer: boolean;
  /** The name of a parameter of the URL's query; absent: the URL is not read. */
  readonly queryParameter?: string | undefined;
}

/** The key as it was presented, or why there is none to verify. */
export type ReadKey = { readonly key: string } | { readonly problem: "KEY_MISSING" | "KEY_AMBIGUOUS" };

/**
 * Reads the key of a request. Nothing about it is mended or judged here: what is wrong with it, the verdict says.
 *
 * Two different keys, or one place twice, are ambiguous (RFC 6750, section 2): whoever reads the request next, such as a proxy in
 * front or a handler behind, might take the other one.
 */
export function readKey(request: RequestView, places: KeyPlaces): ReadKey {
  const found = [
    ...(places.bearer ? request.lines("authorization").map(bearerIn) : []),
    ...request.lines(places.header),
    ...(places.queryParameter === undefined ? [] : inQuery(request.url, places.queryParameter)),
  ].filter((key) => key !== "");
  const [key] = found;
  if (key === undefined) return { problem: "KEY_MISSING" };
  const twice =
    (places.bearer && request.lines("authorization").length > 1) ||
    request.lines(places.header).length > 1 ||
    (places.queryParameter !== undefined && inQuery(request.url, places.queryParameter).length > 1);
  if (twice || found.some((other) => other !== key || isJoined(other))) return { problem: "KEY_AMBIGUOUS" };
  return { key };
}

/** The key in a line of `Authorization`; "" for the credentials of another scheme, which are not ours to look at. */
function bearerIn(line: string): string {
  const space = line.indexOf(" ");
  // A key without its scheme is a frequent slip, which gateways in front of Keyplane forgive as well.
  if (space < 0) return line.toLowerCase() === "bearer" ? "" : line;
  return line.slice(0, space).toLowerCase() === "bearer" ? line.slice(space + 1).trim() : "";
}

/** Whether a text is several lines that were joined (RFC 9110, section 5.3). No key has a comma; one at its end is a slip. */
function isJoined(text: string): boolean {
  return text.split(",").filter((part) => part.trim() !== "").length > 1;
}

function inQuery(url: string, name: string): string[] {
  const mark = url.indexOf("?");
  if (mark < 0) return [];
  return new URLSearchParams(url.slice(mark + 1).split("#", 1)[0]).getAll(name);
}
