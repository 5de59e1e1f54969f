/** Calls back again and again; a process does not wait for it to end itself. @returns stops it. */
export function repeat(everyMs: number, callback: () => void): () => void {
  const timer: unknown = setInterval(callback, everyMs);
  // Where a timer is a number, nothing waits for it anyway.
  if (typeof timer === "object" && timer !== null && "unref" in timer) (timer as { unref(): void }).unref();
  return () => clearInterval(timer as number);
}
