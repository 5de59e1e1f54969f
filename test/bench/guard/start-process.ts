/** A process that was just started: measures its guard's way to the first verdict, and what it then holds. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createGuard, type Guard } from "../../../packages/sdk/src/guard/index.js";

function memory(): number {
  global.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

process.once("disconnect", () => process.exit());
process.once("message", (question) => void measure(question as never));

/** Presents every key once: what was decided of each is kept, too. */
async function useAll(guard: Guard, secretsFile: string): Promise<void> {
  for (const secret of readFileSync(secretsFile, "latin1").split("\n")) {
    if (!(await guard.verify(secret)).valid) throw new Error("a key was not found valid");
  }
}

async function measure({
  url,
  token,
  snapshotFile,
  secretsFile,
  secret,
  keyCount,
}: Record<"url" | "token" | "snapshotFile" | "secretsFile" | "secret", string> & { keyCount: number }) {
  const noNetwork = () => Promise.reject(new Error("there is no network"));
  const options = { url, token, fetch: noNetwork, maxKeys: 2 * keyCount, maxStalenessMs: 600_000 } as const;
  const before = memory();
  const startedAt = performance.now();
  const guard = createGuard({ ...options, mode: "full", usage: false, snapshotFile });
  const { valid, source } = await guard.verify(secret);
  const ms = performance.now() - startedAt;
  if (!valid || source !== "local") throw new Error(`the first verdict was not what it must be: ${source}`);
  // The rest of the keys are read a few at a time; then the text of the file is let go.
  let bytes = memory();
  for (let next = 0; next !== bytes; ) {
    next = bytes;
    await sleep(2_000);
    const now = memory();
    bytes = Math.abs(now - next) < 1e6 ? next : now;
  }
  await useAll(guard, secretsFile);
  await sleep(0);
  process.send?.({ ms, bytes: bytes - before, bytesUsed: memory() - before });
  process.disconnect();
}
