import { maxLatenessMs } from "../usage-event.js";

const hourMs = 60 * 60_000;

/** How far back it can be asked from where keys were used, in milliseconds: not longer than single calls are kept at least. */
export const maxOriginsWindowMs = 72 * hourMs;

/** How long an origin is kept after it was last written, in milliseconds. A call may be told of a day late. */
export const originsKeptMs = maxOriginsWindowMs + maxLatenessMs;
