import { createAccess } from "./compose/access.js";
import { createBase, type Opened, type Outside } from "./compose/base.js";
import { createDiagnosis } from "./compose/diagnosis.js";
import { createHttp } from "./compose/http.js";
import { createKeysAndUsage } from "./compose/keys.js";
import { createLifecycleGroup } from "./compose/lifecycle.js";
import { createCallerComparisons } from "./compose/memories.js";
import { createOAuth } from "./compose/oauth.js";
import { createTenancy } from "./compose/tenancy.js";
import { createWebhookGroup } from "./compose/webhooks.js";
import type { Settings } from "./env.js";
import type { Services } from "./graphql/context.js";
import type { HttpServer } from "./http/server.js";
import { createKeyEvents, type EventLog } from "./modules/events/index.js";
import { createDeliveredRotation, createExpiryDuty, createRotationDuty, raiseLastUsed } from "./modules/keys/index.js";
import type { Limiting } from "./modules/limits/index.js";
import { createRootToken, type RootToken } from "./modules/tokens/index.js";
import { UsageRecording } from "./modules/usage/index.js";
import { createCan } from "./modules/viewer/index.js";
import { systemClock } from "./platform/clock.js";
import { type Database, openDatabase } from "./platform/database/index.js";
import { createLogger } from "./platform/logger.js";
import { startMaintenance } from "./platform/maintenance.js";
import { startScheduler } from "./platform/scheduler.js";

export type { Outside } from "./compose/base.js";

/** A composed server that is ready to listen. */
export interface Keyplane {
  readonly http: HttpServer;
  readonly services: Services;
  readonly database: Database;
  readonly recording: UsageRecording;
  readonly limiting: Limiting;
  readonly eventLog: EventLog;
  readonly rootToken: RootToken;
  /** Resolves when as many keys as memory may hold are read; verification works before. */
  readonly warmedUp: Promise<void>;
  /** Finishes what runs and closes everything. */
  stop(): Promise<void>;
}

/**
 * Opens the database and wires everything to it.
 *
 * @throws StartupError when something that a person can mend is in the way; nothing is left open then.
 */
export async function compose(settings: Settings, outside: Outside = {}): Promise<Keyplane> {
  const logger = outside.logger ?? createLogger(settings.logLevel);
  const { databaseUrl, dataDir } = settings;
  const database = outside.database ?? (await openDatabase({ databaseUrl, dataDir, logger }));
  let recording: UsageRecording | undefined;
  let limiting: Limiting | undefined;
  const close = async (): Promise<void> => {
    // First, because they save in the database when keys were last used, and give back what they hold of quotas.
    try {
      await Promise.all([recording?.stop(), limiting?.stop()]);
    } finally {
      if (!outside.database) await database.close();
    }
  };
  try {
    outside.abort?.throwIfAborted();
    recording = await UsageRecording.open({
      clock: outside.clock ?? systemClock,
      logger,
      dataDir,
      mongodbUrl: settings.mongodbUrl,
      retention: settings.usageRetention,
      maxSpoolBytes: settings.maxSpoolBytes,
      saveLastUsed: (lastUsed) => raiseLastUsed(database.prisma, lastUsed),
      usageThread: outside.usageThread,
    });
    if (settings.databaseUrl !== null && settings.mongodbUrl === null) {
      logger.warn(
        "PostgreSQL is served, usage is not: it stays in this server's data folder, and other servers do not see it; see MONGODB_URL",
      );
    }
    const onOpened = (opened: Limiting): void => {
      limiting = opened;
    };
    return await wire(settings, { ...outside, logger, database, recording }, close, onOpened);
  } catch (error) {
    // Left open, it would keep the folder locked for as long as an embedder's process lives. Its own failure to close would
    // hide the error that counts.
    await close().catch((err: unknown) => logger.warn({ err }, "the database of a failed start did not close"));
    throw error;
  }
}

/** The one place that constructs services and stores: one look shows the whole wiring. Each group stands in `compose/`. */
async function wire(
  settings: Settings,
  outside: Opened,
  close: () => Promise<void>,
  onOpened: (limiting: Limiting) => void,
): Promise<Keyplane> {
  const base = await createBase(settings, outside);
  const tenancy = createTenancy(settings, base);
  const access = createAccess(settings, base, tenancy);
  const oauth = createOAuth(settings, base, tenancy, access);
  const keys = await createKeysAndUsage(settings, base, tenancy, createCallerComparisons(access, oauth));
  onOpened(keys.limiting);
  const lifecycle = createLifecycleGroup(settings, base, tenancy, access, keys);
  const webhookGroup = createWebhookGroup(settings, base, tenancy);
  const { audit, clock, database, eventLog, events, logger, recording, relay } = base;
  const { tenantReads, userReads, roleReads, teamReads } = tenancy;
  const { apiGrantReads, apiReads, keyReads } = keys;
  const services: Services = {
    apiGrantReads,
    apiGrants: keys.apiGrants,
    apiReads,
    apis: keys.apis,
    audit,
    can: createCan({
      clock,
      find: {
        Tenant: (principal, id) => tenantReads.findVisible(principal, id),
        User: (...asked) => userReads.findVisible(...asked),
        CustomRole: (principal, id) => roleReads.findVisible(principal, id),
        Team: (principal, id) => teamReads.findVisible(principal, id),
        Api: (...asked) => apiReads.findVisible(...asked),
        ApiGrant: (principal, id) => apiGrantReads.findVisible(principal, id),
        Key: (principal, id) => keyReads.findVisible(principal, id),
        ManagementToken: (principal, id) => access.tokens.findVisible(principal, id),
        OAuthClient: (principal, id) => oauth.oauthClients.findVisible(principal, id),
        TrustedIssuer: (principal, id) => oauth.trustedIssuers.findVisible(principal, id),
        Webhook: (principal, id) => webhookGroup.services.webhooks.findVisible(principal, id),
      },
    }),
    clock,
    ...createDiagnosis(base, tenancy, keys),
    integrity: keys.integrity,
    keyEvents: createKeyEvents({ database, log: eventLog, relay }),
    keyReads,
    keySecrets: keys.keySecrets,
    keys: keys.keys,
    lifecycle: lifecycle.lifecycle,
    limitReads: keys.limiting.limitReads,
    limits: keys.limiting.limits,
    oauthClients: oauth.oauthClients,
    passwords: access.passwords,
    recordUsage: keys.recordUsage,
    roleReads,
    roles: tenancy.roles,
    teamReads,
    teams: tenancy.teams,
    tenantReads,
    sessions: access.sessions,
    signIn: access.signIn,
    tenants: tenancy.tenants,
    tokens: access.tokens,
    trustedIssuers: oauth.trustedIssuers,
    usage: keys.usage,
    userReads,
    users: tenancy.users,
    verify: keys.verify,
    ...webhookGroup.services,
  };
  const http = createHttp(settings, { base, access, oauth, keys, lifecycle, services });

  await relay.start();
  // Last of all that can fail: a token that is made is shown once, by whoever gets this start's result.
  const rootToken = await ensureRootToken().catch(async (error: unknown) => {
    await relay.stop();
    throw error;
  });
  const stopping = new AbortController();
  const warmedUp = Promise.all([
    access.credentials.warmUp(),
    oauth.issuerStates.warmUp(),
    keys.index.warmUp(stopping.signal),
  ]).then(
    () => {},
    (error: unknown) => logger.warn({ err: error }, "warming up failed; keys are read when they are first presented"),
  );
  const expiry = createExpiryDuty({ database, events, clock, reminders: settings.expiryReminders });
  const rotation = createRotationDuty({
    database,
    events,
    clock,
    reminders: settings.rotationReminders,
    delivery: createDeliveredRotation({ clock, keys: keys.keys, receivers: base.webhookOutbox }),
  });
  const webhookSender = webhookGroup.startSender();
  const { upkeep, sharedKeys } = lifecycle.lifecycle;
  const scheduler = startScheduler([expiry, rotation, upkeep], { clock, logger });
  // Apart: it asks the store of usage, tenant by tenant, and what is due must not wait for that.
  const sharedKeysScheduler = startScheduler([sharedKeys], { clock, logger });
  // Apart: at the end of a month all quotas of an installation may be due at once.
  const periodScheduler = startScheduler([keys.limiting.periods], { clock, logger });
  const maintenance = startMaintenance(
    [
      () => access.tokenUse.save(),
      () => base.idempotency.sweep(),
      () => eventLog.sweep(),
      () => access.signing.maintain(),
      () => access.attempts.sweep(),
      () => access.passwords.sweep(),
      () => access.sessionTokens.sweep(),
      () => access.mail.sweep(),
      () => access.artifacts.sweep(),
      () => webhookSender.sweep(),
      () => keys.limiting.maintain(),
      () => keys.integrity.runIfDue(),
    ],
    logger,
  );

  async function ensureRootToken(): Promise<RootToken> {
    outside.abort?.throwIfAborted();
    return createRootToken({ audit, clock, database, events }).ensure(settings.rootToken);
  }

  return {
    http: {
      ...http,
      async listen(port, host) {
        const address = await http.listen(port, host);
        base.publicUrl.listening(address.port);
        return address;
      },
    },
    services,
    database,
    recording,
    limiting: keys.limiting,
    eventLog,
    rootToken,
    warmedUp,
    async stop() {
      stopping.abort();
      await http.stop();
      // At once: each may wait for a query that a database which hangs lets time out.
      const schedulers = [scheduler.stop(), sharedKeysScheduler.stop(), periodScheduler.stop()];
      await Promise.all([warmedUp, ...schedulers, relay.stop(), maintenance.stop(), access.passwords.stop()]);
      await Promise.all([keys.integrity.stop(), keys.activations.stop()]);
      await webhookSender.stop();
      // After those who give it something to send.
      await access.mail.stop();
      await access.tokenUse.save().catch((error: unknown) => {
        logger.warn({ err: error }, "when management tokens were last used could not be saved");
      });
      await close();
    },
  };
}
