import { AbortedError } from "./errors.js";

/**
 * An iterator over something that does not end by itself, which ends cleanly in three ways: by `break`, by `return()`
 * even while a `next()` waits, and by the caller's signal. None of them throws, because to stop listening is not a
 * failure.
 *
 * @param start begins, when the first entry is asked for; its signal aborts at the end.
 */
export function endable<Entry>(
  start: (signal: AbortSignal) => AsyncGenerator<Entry, void, undefined>,
  outer: AbortSignal | undefined,
): AsyncIterableIterator<Entry> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  let entries: AsyncGenerator<Entry, void, undefined> | undefined;

  function started(): AsyncGenerator<Entry, void, undefined> {
    if (entries) return entries;
    entries = start(ending.signal);
    if (outer?.aborted) end();
    else outer?.addEventListener("abort", end, { once: true });
    return entries;
  }

  async function settled(result: Promise<IteratorResult<Entry, void>>): Promise<IteratorResult<Entry, void>> {
    try {
      const entry = await result;
      if (entry.done) outer?.removeEventListener("abort", end);
      return entry;
    } catch (error) {
      outer?.removeEventListener("abort", end);
      if (ending.signal.aborted && error instanceof AbortedError) return { done: true, value: undefined };
      throw error;
    }
  }

  return {
    next: () => settled(started().next()),
    async return() {
      end();
      return entries ? settled(entries.return()) : { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
