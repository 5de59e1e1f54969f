import { findDocsAt } from "@keyplane/schema";
import type { Settings } from "../env.js";
import { createAudit } from "../modules/audit/index.js";
import { createEventLog, createEventRelay, createEvents } from "../modules/events/index.js";
import { createIdempotency } from "../modules/idempotency/index.js";
import type { UsageRecording } from "../modules/usage/index.js";
import { createWebhookOutbox } from "../modules/webhooks/index.js";
import { type Clock, systemClock } from "../platform/clock.js";
import type { Database } from "../platform/database/index.js";
import { readEncryptionKey } from "../platform/encryption-key.js";
import type { Logger } from "../platform/logger.js";
import { PublicUrl } from "../platform/public-url.js";
import { createSecretBox } from "../platform/secret-box.js";

/** What tests put in the place of the outside world. */
export interface Outside {
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** An opened database, which `stop` leaves open. */
  readonly database?: Database;
  /** Milliseconds until a request is answered with TIMEOUT. */
  readonly timeLimitMs?: number;
  /** How many events are remembered for those who follow. */
  readonly eventBufferSize?: number;
  /** How long a call waits for Redis, in milliseconds. */
  readonly redisPatienceMs?: number;
  /** The compiled program of the thread that counts usage, for a server that is not compiled itself. */
  readonly usageThread?: URL;
  /** Gives up the start: what was opened is closed, and the signal's reason is thrown. */
  readonly abort?: AbortSignal;
}

/** The outside world once its stores are open. */
export interface Opened extends Outside {
  readonly logger: Logger;
  readonly database: Database;
  readonly recording: UsageRecording;
}

/** What every write stands on: the stores, the clock, the events, the audit log, and what replays a repeated request. */
export type Base = Awaited<ReturnType<typeof createBase>>;

export async function createBase(settings: Settings, outside: Opened) {
  const { clock = systemClock, logger, database, recording, redisPatienceMs, timeLimitMs } = outside;
  const encryptionKey = settings.encryptionKey ?? (await readEncryptionKey(settings.dataDir));
  const secretBox = createSecretBox(encryptionKey);
  const webhookOutbox = createWebhookOutbox({ clock, secretBox });
  const events = createEvents({ database, clock, logger, outbox: webhookOutbox.fanOut });
  const eventLog = createEventLog({ database, clock, retentionMs: settings.eventRetentionMs });
  const relay = createEventRelay({
    database,
    events,
    log: eventLog,
    clock,
    logger,
    bufferSize: outside.eventBufferSize,
  });
  const audit = createAudit({ database, clock });
  const idempotency = createIdempotency({ database, clock, secretBox });
  const publicUrl = new PublicUrl(settings);
  /** Where this server is reached: whose name its tokens bear, and whom they are for. */
  const origin = (): string => publicUrl.origin;
  findDocsAt(origin);
  return {
    audit,
    clock,
    database,
    encryptionKey,
    eventLog,
    events,
    idempotency,
    logger,
    origin,
    publicUrl,
    recording,
    redisPatienceMs,
    relay,
    secretBox,
    timeLimitMs,
    webhookOutbox,
  };
}
