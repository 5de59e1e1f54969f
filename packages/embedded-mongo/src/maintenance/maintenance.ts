import type { ServerContext } from "../commands/context.js";
import { expireDocuments } from "./expire.js";

/** What the server does by itself. */
export interface Maintenance {
  /** Something was dropped: its bytes can be removed. */
  wake(): void;
  /** Removes what has expired. */
  expire(): Promise<void>;
  stop(): Promise<void>;
}

const CLEAR_AT_ONCE = 500;
const SESSIONS_AT_ONCE = 200;

/** Removes expired documents, idle cursors, old records of writes and dropped collections, a little at a time. */
export function startMaintenance(
  context: ServerContext,
  intervalMs: number,
  log: (message: string, error: unknown) => void,
): Maintenance {
  let stopped = false;
  let clearing: Promise<void> | null = null;
  let expiring: Promise<void> | null = null;
  const isStopped = (): boolean => stopped;

  const clear = async (): Promise<void> => {
    while (!stopped && (await context.catalog.clearDropped(CLEAR_AT_ONCE))) await pause();
  };
  const wake = (): void => {
    clearing ??= pause()
      .then(clear)
      .catch((error: unknown) => log("removing what was dropped failed", error))
      .finally(() => {
        clearing = null;
      });
  };
  const expire = (): Promise<void> => {
    expiring ??= (async () => {
      context.cursors.closeIdle();
      while (!stopped && (await context.sessions.removeExpired(SESSIONS_AT_ONCE))) await pause();
      await expireDocuments(context, isStopped);
    })().finally(() => {
      expiring = null;
    });
    return expiring;
  };
  const timer = setInterval(() => {
    expire().catch((error: unknown) => log("removing expired documents failed", error));
  }, intervalMs).unref();
  wake();
  return {
    wake,
    expire,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await Promise.allSettled([clearing, expiring]);
    },
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
