import { randomUUID } from "node:crypto";
import pg from "pg";

/** How long to wait before a lost connection is opened again, in milliseconds. */
const reconnectMs = 1_000;
/** A connection on which nothing arrives is told by this, in milliseconds: a network that drops packets says nothing. */
const probeMs = 5_000;

/** Wakes the other processes on the same database. A hint only: one may be lost, and whoever waits must look by itself, too. */
export interface Signals {
  /** Wakes the others, soon. Never waits and never fails; many calls at once are one signal. */
  send(): void;
  /** Called when another process has sent a signal. */
  listen(onSignal: () => void): () => void;
  close(): void;
}

/** For a database that has one process only. */
export const noSignals: Signals = { send: () => {}, listen: () => () => {}, close: () => {} };

/**
 * Signals by LISTEN and NOTIFY, on a connection of its own and outside of every business transaction: NOTIFY takes a lock when
 * its transaction commits that lets one through at a time.
 *
 * @param lost told why a connection broke.
 */
export function createSignals(config: pg.ClientConfig, channel: string, lost: (reason: string) => void): Signals {
  const listeners = new Set<() => void>();
  const sender = randomUUID();
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let probe: NodeJS.Timeout | undefined;
  let sending = false;
  let again = false;
  let closed = false;

  function open(): void {
    if (closed) return;
    const opened = new pg.Client({ ...config, query_timeout: probeMs });
    client = opened;
    const giveUp = (error: Error): void => {
      if (client !== opened) return;
      client = null;
      discard(opened);
      if (closed) return;
      lost(error.message);
      timer = setTimeout(open, reconnectMs).unref();
    };
    opened.on("error", giveUp);
    opened.on("end", () => giveUp(new Error("the connection for signals ended")));
    opened.on("notification", ({ payload }) => {
      if (payload !== sender) for (const listener of listeners) listener();
    });
    opened
      .connect()
      .then(() => opened.query(`LISTEN ${channel}`))
      // What was sent before it listened is not told: look once.
      .then(() => {
        for (const listener of listeners) listener();
      }, giveUp);
    clearInterval(probe);
    probe = setInterval(() => void opened.query("SELECT 1").catch(giveUp), probeMs).unref();
  }

  function send(): void {
    if (!client || closed) return;
    if (sending) {
      again = true;
      return;
    }
    sending = true;
    // Its failure breaks the connection, which is told there.
    client.query("SELECT pg_notify($1, $2)", [channel, sender]).then(sent, sent);
  }

  function sent(): void {
    sending = false;
    if (!again) return;
    again = false;
    send();
  }

  return {
    send,
    listen(onSignal) {
      listeners.add(onSignal);
      if (!client && !timer) open();
      return () => listeners.delete(onSignal);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      clearInterval(probe);
      if (client) discard(client);
    },
  };
}

/** Ends a connection without waiting for a server that may not answer. */
function discard(client: pg.Client): void {
  client.removeAllListeners("end");
  client.on("error", () => {});
  client.end().catch(() => {});
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
