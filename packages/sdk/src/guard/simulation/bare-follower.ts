import { resolveOptions } from "../../client/resolve-options.js";
import type { Runtime } from "../../client/runtime.js";
import type { MemoryPlane } from "../../testing/memory-plane.js";
import { Follower } from "../follower.js";
import { createGuardServer } from "../server.js";
import { SteadyClock } from "../steady-clock.js";

/** Follows the events alone, and looks at nothing but their order. */
export function followBarely(
  plane: MemoryPlane,
  options: Parameters<typeof resolveOptions>[0],
  runtime: Runtime,
  signal: AbortSignal,
  broken: string[],
): void {
  const clock = new SteadyClock();
  let place: number | null = null;
  const listener = {
    onConnected: () => {},
    onInterrupted: () => {},
    onCurrent: () => {},
    onResync: () => {
      place = null;
    },
    onEvent: ({ cursor }: { readonly cursor: string }) => {
      const next = Number(cursor.slice(1));
      if (place !== null && next !== place + 1)
        broken.push(`after event ${place} came ${next} of ${plane.events.length}`);
      place = next;
    },
  };
  const server = createGuardServer(resolveOptions(options), runtime, undefined);
  const deps = { ...server, listener, clock, runtime, tenantId: undefined, transport: "auto", cursor: null } as const;
  new Follower({ ...deps, pollWaitMs: 5_000, renewsToken: false }).run(signal).catch((error: unknown) => {
    if (!signal.aborted) broken.push(`the follower ended: ${String(error)}`);
  });
}
