/**
 * The codes with which runtimes say that no connection came about: Node's own, undici's for a connection that took too
 * long, and Bun's. What is not listed, Deno and workers included, counts as possibly sent, which costs a retry and
 * never a second effect.
 */
const codes: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "ConnectionRefused",
]);

/** Whether an error of `fetch` proves that the request never left. The code stands at the error or at a cause of it. */
export function wasNeverSent(error: unknown): boolean {
  let at = error;
  // Causes can refer to each other in a circle; fetch nests them one deep.
  for (let depth = 0; depth < 5 && typeof at === "object" && at !== null; depth++) {
    if ("code" in at && codes.has(at.code)) return true;
    at = "cause" in at ? at.cause : undefined;
  }
  return false;
}
