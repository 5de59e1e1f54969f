import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { LimitsStatus } from "../modules/limits/index.js";
import type { UsageStatus } from "../modules/usage/index.js";

/** What the metrics tell of the server, read when somebody asks. */
export interface MetricsSource {
  readonly usage: () => UsageStatus;
  readonly cachedKeys: () => number;
  readonly openStreams: () => number;
  /** How many guesses were refused unseen, by what was guessed: `token`, `key`, or `key_of_address`. */
  readonly refusedGuesses: () => Iterable<readonly [what: string, count: number]>;
  readonly limits: () => LimitsStatus;
}

/** The server's metrics in the text format of Prometheus. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
}

/**
 * What is measured of the process: once, however many servers run in it, one after the other or at once. Its observers are never taken away
 * again, and would keep each server that had any of its own in memory after its end.
 */
let sharedRegistry: Registry | undefined;

function processRegistry(): Registry {
  if (!sharedRegistry) {
    sharedRegistry = new Registry();
    collectDefaultMetrics({ register: sharedRegistry });
  }
  return sharedRegistry;
}

export function createMetrics(source: MetricsSource): Metrics {
  const registry = new Registry();
  const ofThisProcess = processRegistry();
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  const { usage, cachedKeys, openStreams } = source;
  new Counter({
    name: "keyplane_verifications_total",
    help: "Verifications by outcome, as far as they are recorded.",
    labelNames: ["code"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [code, count] of usage().verifications) this.inc({ code }, count);
    },
  });
  counter("keyplane_usage_recorded_total", "Usage events that were taken.", () => usage().recorded);
  new Counter({
    name: "keyplane_usage_lost_total",
    help: "Usage events that will never be counted, by why.",
    labelNames: ["reason"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(usage().lost)) this.inc({ reason }, count);
    },
  });
  counter("keyplane_usage_counted_total", "Usage events that were counted in MongoDB.", () => usage().counted);
  counter("keyplane_usage_duplicates_total", "Usage events that had been counted before.", () => usage().duplicates);
  gauge("keyplane_usage_spool_bytes", "Bytes of usage that wait on disk.", () => usage().waitingBytes);
  gauge("keyplane_usage_spool_max_bytes", "Bytes of usage that may wait on disk.", () => usage().maxBytes);
  gauge("keyplane_usage_complete_timestamp_seconds", "Before this, all that this server took is counted.", () => {
    return usage().completeUntil / 1_000;
  });
  gauge("keyplane_usage_store_connected", "1 when MongoDB takes usage, else 0.", () =>
    usage().storeConnected ? 1 : 0,
  );
  new Counter({
    name: "keyplane_refused_guesses_total",
    help: "Attempts that were refused unseen, because too many unknown ones came before, by what was guessed.",
    labelNames: ["what"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [what, count] of source.refusedGuesses()) this.inc({ what }, count);
    },
  });
  gauge("keyplane_rate_limits_counted", "Rate limits that are counted in this server's memory.", () => {
    return source.limits().counted;
  });
  gauge("keyplane_quota_leases", "Parts of quotas that this server holds.", () => source.limits().leases);
  counter("keyplane_quota_requests_total", "How often the database was asked for a part of a quota.", () => {
    return source.limits().asked;
  });
  gauge("keyplane_rate_limits_shared", "1 when rate limits are counted in Redis, 0 when only in memory.", () =>
    source.limits().isShared ? 1 : 0,
  );
  gauge("keyplane_cached_keys", "Keys that are kept in memory for verification.", cachedKeys);
  gauge("keyplane_open_streams", "Subscriptions that are open.", openStreams);
  return {
    contentType: registry.contentType,
    text: async () => `${await ofThisProcess.metrics()}\n${await registry.metrics()}`,
  };
}
