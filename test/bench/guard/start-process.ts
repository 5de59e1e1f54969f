/** A process that was just started: measures its guard's way to the first verdict. */
import { createGuard } from "../../../packages/sdk/src/guard/index.js";

process.once("disconnect", () => process.exit());
process.once("message", (question) => {
  const { url, snapshotFile, secret } = question as { url: string; snapshotFile: string; secret: string };
  const noNetwork = () => Promise.reject(new Error("there is no network"));
  const options = { url, token: "token", fetch: noNetwork, maxKeys: 1_000_000, maxStalenessMs: 600_000 } as const;
  const startedAt = performance.now();
  const guard = createGuard({ ...options, mode: "full", usage: false, snapshotFile });
  void guard.verify(secret).then(({ valid, source }) => {
    const ms = performance.now() - startedAt;
    if (!valid || source !== "local") throw new Error(`the first verdict was not what it must be: ${source}`);
    process.send?.(ms);
    process.disconnect();
  });
});
