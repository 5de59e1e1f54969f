import { setTimeout as sleep } from "node:timers/promises";
import { isValid, revokeKey } from "./api.js";
import type { Target, WatchedKey } from "./verifier.js";

/**
 * What is usual without events: verifiers that remember a verdict and ask again every `intervalMs`, each at a time of its
 * own. Revokes the keys one after another, and waits until every poller knows.
 *
 * @returns milliseconds from each answer of `revokeKey` to each poller's knowing, sorted.
 */
export async function measurePollers(
  targets: readonly Target[],
  keys: readonly WatchedKey[],
  { pollers, intervalMs }: { pollers: number; intervalMs: number },
): Promise<number[]> {
  const delays: number[] = [];
  for (const { id, secret } of keys) {
    let revokedAt = Number.POSITIVE_INFINITY;
    const polling = Array.from({ length: pollers }, async (_, index) => {
      const target = targets[index % targets.length] as Target;
      let due = performance.now() + Math.random() * intervalMs;
      await sleep(due - performance.now());
      while (await isValid(target, secret)) {
        due += intervalMs;
        await sleep(Math.max(0, due - performance.now()));
      }
      delays.push(performance.now() - revokedAt);
    });
    // At any time within the interval: the first questions need not be asked before, for each comes at a random time.
    await sleep(Math.random() * Math.min(intervalMs, 5_000));
    await revokeKey(targets[0] as Target, id);
    revokedAt = performance.now();
    await Promise.all(polling);
  }
  return delays.sort((a, b) => a - b);
}
