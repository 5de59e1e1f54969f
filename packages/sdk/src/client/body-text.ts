import { withDeadline } from "./deadline.js";
import { KeyplaneError, ServerError } from "./errors.js";
import { brokenOff } from "./exchange.js";
import type { FetchResponse } from "./options.js";

/** What is needed to read a body piece by piece. */
export interface BodyContext {
  readonly url: string;
  /** So that it can be left out of errors. */
  readonly token: string;
  readonly signal: AbortSignal | undefined;
  /** How long nothing may come before the connection counts as dead, in milliseconds. */
  readonly idleTimeoutMs: number;
}

/**
 * The text of a body, piece by piece as it arrives (UTF-8, without its byte order mark). Whoever stops early ends the
 * connection.
 *
 * @throws ConnectionError when it breaks, TimeoutError when nothing comes any more, AbortedError.
 */
export async function* readBody(
  response: FetchResponse,
  { url, token, signal, idleTimeoutMs }: BodyContext,
): AsyncGenerator<string, void, undefined> {
  if (!response.body) {
    const message =
      "This fetch answers without a body to read piece by piece. Pass one that has it as the option fetch.";
    throw new ServerError(message, { code: "INVALID_RESPONSE", status: response.status });
  }
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await withDeadline({ timeoutMs: idleTimeoutMs, signal }, () => reader.read());
      const text = done ? decoder.decode() : decoder.decode(value, { stream: true });
      if (text !== "") yield text;
      if (done) return;
    }
  } catch (error) {
    throw error instanceof KeyplaneError ? error : brokenOff(url, response, error, token);
  } finally {
    // It fails when the connection has broken already, which was said above.
    reader.cancel().catch(() => undefined);
  }
}
