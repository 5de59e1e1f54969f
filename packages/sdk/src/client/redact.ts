/**
 * Anything that begins as a key or a management token does. Wider than the pattern for secret scanners: a key that was
 * mistyped or cut off, which is when errors happen, still gives most of itself away.
 */
const keyLike = /\b([a-z0-9]{2,12}_(?:live|test)_[0-9A-Za-z]{0,4})[0-9A-Za-z_]*/g;

/** What must not be shown: the token, or each of several secrets. */
export type Secrets = string | readonly string[];

/** The text without the secrets, and without more of a key than its displayed start. */
export function redact(text: string, secrets: Secrets): string {
  const all = typeof secrets === "string" ? [secrets] : secrets;
  return all
    .reduce((rest, secret) => rest.replaceAll(secret, "[token]"), text)
    .replaceAll(keyLike, (whole, start: string) => (whole === start ? whole : `${start}…`));
}

/**
 * An error of the runtime, as it can be shown as a `cause`. It stays the object that it is unless it, or a cause of
 * its, contains a secret: some runtimes quote the headers that they could not send.
 */
export function redactCause(cause: unknown, secrets: Secrets): unknown {
  const text = textOf(cause, 0);
  const redacted = redact(text, secrets);
  return redacted === text ? cause : new Error(redacted);
}

function textOf(value: unknown, depth: number): string {
  if (!(value instanceof Error)) return String(value);
  const text = value.stack ?? `${value.name}: ${value.message}`;
  // Causes can refer to each other in a circle; nobody reads ten levels of them.
  return value.cause === undefined || depth > 10 ? text : `${text}\n${textOf(value.cause, depth + 1)}`;
}
