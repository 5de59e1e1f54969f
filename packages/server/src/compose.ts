import { KeyGuesses } from "@keyplane/schema";
import type { Settings } from "./env.js";
import type { Services } from "./graphql/context.js";
import { openFieldsOf } from "./graphql/open-fields.js";
import { schema } from "./graphql/schema.js";
import { createGraphql } from "./graphql/yoga.js";
import { createExports } from "./http/exports.js";
import { createForwardAuth } from "./http/forward-auth.js";
import { createGraphqlEndpoint } from "./http/graphql-endpoint.js";
import { createJwksEndpoint } from "./http/jwks-endpoint.js";
import { createKeyEventsEndpoint } from "./http/key-events-endpoint.js";
import { createMetricsEndpoint } from "./http/metrics-endpoint.js";
import { createOAuthEndpoint } from "./http/oauth-endpoint.js";
import { OpenStreams } from "./http/open-streams.js";
import { createPages } from "./http/pages.js";
import { createHttpServer, type HttpServer } from "./http/server.js";
import { createVerificationRecordsEndpoint } from "./http/verification-records.js";
import { createVerifyEndpoint } from "./http/verify-endpoint.js";
import { createWebSocketEndpoint } from "./http/websocket-endpoint.js";
import { ApiAccess, createApiGrantReads, createApiGrants, createApiReads, createApis } from "./modules/apis/index.js";
import { createAudit } from "./modules/audit/index.js";
import { createAuthenticate } from "./modules/auth/index.js";
import {
  createEventLog,
  createEventRelay,
  createEvents,
  createKeyEvents,
  type EventLog,
} from "./modules/events/index.js";
import { createIdempotency } from "./modules/idempotency/index.js";
import { createIntegrity } from "./modules/integrity/index.js";
import {
  createKeyReads,
  createKeySeal,
  createKeySecrets,
  createKeys,
  createTellKeys,
  createVerificationRecords,
  createVerify,
  findKeyIdsOfTeams,
  raiseLastUsed,
  scheduleExpiry,
  startExpiryScheduler,
  VerificationIndex,
} from "./modules/keys/index.js";
import { createFileTransport, createMail, createSmtpTransport } from "./modules/mail/index.js";
import {
  ClientStates,
  createArtifacts,
  createAuthorizationServer,
  createExternalTokens,
  createInteractions,
  createJwtCredentials,
  createOAuthClients,
  createOAuthTokens,
  createPasswordSignIn,
  createTrustedIssuers,
  IssuerKeys,
  IssuerStates,
  TokenStates,
} from "./modules/oauth/index.js";
import { createRoleReads, createRoles, RoleStates } from "./modules/roles/index.js";
import {
  createAttempts,
  createPasswordHasher,
  createPasswords,
  createSessionEnds,
  createSessions,
  createSessionTokens,
  createSignIn,
  SessionCredentials,
} from "./modules/sessions/index.js";
import { createSigning, SigningKeys } from "./modules/signing/index.js";
import { createTeamReads, createTeams, TeamStates } from "./modules/teams/index.js";
import { createTenantReads, createTenants, TenantStates } from "./modules/tenants/index.js";
import { Credentials, createRootToken, createTokens, type RootToken, TokenUse } from "./modules/tokens/index.js";
import { createRecordUsage, createUsage, UsageRecording, usedKeyIds } from "./modules/usage/index.js";
import { createUserReads, createUsers, UserStates } from "./modules/users/index.js";
import { createCan } from "./modules/viewer/index.js";
import { type Clock, systemClock } from "./platform/clock.js";
import { type Database, openDatabase } from "./platform/database/index.js";
import { readEncryptionKey } from "./platform/encryption-key.js";
import { GuessLimiter } from "./platform/guess-limiter.js";
import { createLogger, type Logger } from "./platform/logger.js";
import { startMaintenance } from "./platform/maintenance.js";
import { PublicUrl } from "./platform/public-url.js";
import { createSafeFetch } from "./platform/safe-fetch.js";
import { createSecretBox } from "./platform/secret-box.js";
import { version } from "./version.js";

/** A composed server that is ready to listen. */
export interface Keyplane {
  readonly http: HttpServer;
  readonly services: Services;
  readonly database: Database;
  readonly recording: UsageRecording;
  readonly eventLog: EventLog;
  readonly rootToken: RootToken;
  /** Resolves when as many keys as memory may hold are read; verification works before. */
  readonly warmedUp: Promise<void>;
  /** Finishes what runs and closes everything. */
  stop(): Promise<void>;
}

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
  /** Gives up the start: what was opened is closed, and the signal's reason is thrown. */
  readonly abort?: AbortSignal;
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
  const close = async (): Promise<void> => {
    // First, because it saves in the database when keys were last used.
    try {
      await recording?.stop();
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
    });
    if (settings.databaseUrl !== null && settings.mongodbUrl === null) {
      logger.warn(
        "PostgreSQL is served, usage is not: it stays in this server's data folder, and other servers do not see it; see MONGODB_URL",
      );
    }
    return await wire(settings, { ...outside, logger, database, recording }, close);
  } catch (error) {
    // Left open, it would keep the folder locked for as long as an embedder's process lives. Its own failure to close would
    // hide the error that counts.
    await close().catch((err: unknown) => logger.warn({ err }, "the database of a failed start did not close"));
    throw error;
  }
}

/** The one place that constructs services and stores: one look shows the whole wiring. */
async function wire(
  settings: Settings,
  outside: Outside & { readonly logger: Logger; readonly database: Database; readonly recording: UsageRecording },
  close: () => Promise<void>,
): Promise<Keyplane> {
  const { clock = systemClock, logger, database, recording } = outside;
  const encryptionKey = settings.encryptionKey ?? (await readEncryptionKey(settings.dataDir));
  const secretBox = createSecretBox(encryptionKey);
  const seal = createKeySeal(encryptionKey);

  const events = createEvents({ database, clock, logger });
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

  const tenantStates = new TenantStates({ database, max: settings.maxCachedKeys });
  const userStates = new UserStates({ database, max: settings.maxCachedKeys });
  const roleStates = new RoleStates({ database, max: settings.maxCachedKeys });
  const teamStates = new TeamStates({ database, max: settings.maxCachedKeys });
  const perMinute = (attempts: number, refusal: string): GuessLimiter =>
    new GuessLimiter({ clock, attempts, windowMs: 60_000, refusal });
  const tokenGuesses = perMinute(
    settings.unknownTokensPerMinute,
    "Too many unknown management tokens came from this address.",
  );
  const keyGuesses = perMinute(
    settings.unknownKeysPerMinute,
    "Too many unknown keys were verified with this management token, and this one is not in memory.",
  );
  const addressGuesses = new KeyGuesses({ perMinute: settings.unknownKeysPerAddress });
  const credentials = new Credentials({ database, guesses: tokenGuesses, tenantStates, userStates, roleStates });
  const index = new VerificationIndex({
    database,
    clock,
    owners: userStates,
    tenants: tenantStates,
    roles: roleStates,
    teams: teamStates,
    maxKeys: settings.maxCachedKeys,
  });
  const apiAccess = new ApiAccess({ database, max: settings.maxCachedKeys });
  const publicUrl = new PublicUrl(settings.publicUrl, settings.port);
  const signingKeys = new SigningKeys({ audit, clock, database, events, secretBox, rotationMs: settings.signingKeyMs });
  const signing = createSigning({ clock, keys: signingKeys, issuer: () => publicUrl.origin });
  const clientStates = new ClientStates({ database });
  const issuerStates = new IssuerStates({ database });
  const tokenStates = new TokenStates({ database, clock });
  const sessionCredentials = new SessionCredentials({
    database,
    signing,
    tenantStates,
    userStates,
    roleStates,
    audience: () => publicUrl.origin,
  });
  for (const listener of [
    tenantStates,
    userStates,
    roleStates,
    teamStates,
    credentials,
    sessionCredentials,
    index,
    signingKeys,
  ]) {
    events.subscribe(listener);
  }
  for (const listener of [clientStates, issuerStates, tokenStates, apiAccess]) events.subscribe(listener);

  const tenants = createTenants({ audit, clock, events, idempotency });
  const tellKeys = createTellKeys({ events });
  const roles = createRoles({ audit, clock, events, idempotency, tenants, tellKeys });
  const users = createUsers({ audit, clock, events, idempotency, roles, tenants, tellKeys });
  const teams = createTeams({ audit, clock, events, idempotency, tenants, users, tellKeys });
  const tokenUse = new TokenUse({ database });
  const tokens = createTokens({
    audit,
    clock,
    database,
    events,
    idempotency,
    isRootGiven: settings.rootToken !== null,
    roles,
    tenants,
    use: tokenUse,
    users,
  });
  const mail = createMail({
    clock,
    database,
    logger,
    secretBox,
    transport: settings.smtpUrl
      ? createSmtpTransport(settings.smtpUrl, settings.mailFrom)
      : createFileTransport(settings.dataDir, settings.mailFrom, logger),
  });
  const attempts = createAttempts({ clock, database });
  const hasher = createPasswordHasher();
  const ends = createSessionEnds({ audit, clock, events });
  const sessionTokens = createSessionTokens({
    audit,
    clock,
    database,
    ends,
    events,
    secretBox,
    signing,
    audience: () => publicUrl.origin,
  });
  const passwords = createPasswords({
    attempts,
    audit,
    clock,
    database,
    ends,
    events,
    hasher,
    logger,
    mail,
    publicUrl: () => publicUrl.origin,
    users,
  });
  const { allowPrivateIssuers, expiryReminders } = settings;
  const safeFetch = createSafeFetch({ allowPrivate: allowPrivateIssuers });
  const keys = createKeys({ audit, clock, events, teams, tenants, users, seal, expiryReminders });
  const oauthClients = createOAuthClients({ audit, clock, database, events, idempotency, tenants });
  const trustedIssuers = createTrustedIssuers({
    audit,
    clock,
    database,
    events,
    idempotency,
    tenants,
    fetch: safeFetch,
    allowPrivateIssuers,
  });
  const apis = createApis({ audit, clock, events, idempotency, tenants });
  const apiGrants = createApiGrants({ audit, clock, events, idempotency, apis, lockKey: keys.lock });
  const apiReads = createApiReads({ database });
  const apiGrantReads = createApiGrantReads({ database });
  const integrity = createIntegrity({
    audit,
    clock,
    database,
    events,
    index,
    logger,
    seal,
    everyMs: settings.integrityMs,
    maxQuarantined: settings.maxQuarantinedKeys,
    planExpiry: (tx, key) => scheduleExpiry(tx, key, expiryReminders, clock.now()),
    usedKeyIds: (tenantId) => usedKeyIds(recording, tenantId, clock.now()),
  });
  const keyReads = createKeyReads({ database, clock });
  const roleReads = createRoleReads({ database });
  const teamReads = createTeamReads({ database });
  const tenantReads = createTenantReads({ database });
  const userReads = createUserReads({ database });
  const services: Services = {
    apiGrantReads,
    apiGrants,
    apiReads,
    apis,
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
        ManagementToken: (principal, id) => tokens.findVisible(principal, id),
        OAuthClient: (principal, id) => oauthClients.findVisible(principal, id),
        TrustedIssuer: (principal, id) => trustedIssuers.findVisible(principal, id),
      },
    }),
    clock,
    integrity,
    keyEvents: createKeyEvents({ database, log: eventLog, relay }),
    keyReads,
    keySecrets: createKeySecrets({
      audit,
      clock,
      events,
      expiryReminders,
      idempotency,
      keys,
      seal,
      teams,
      tenants,
      users,
    }),
    keys,
    oauthClients,
    passwords,
    recordUsage: createRecordUsage({
      clock,
      findKeyOwners: (ids, isVisible) => index.ownersOf(ids, isVisible),
      findTenants: (ids) => tenantStates.existing(ids),
      recordAll: (reported) => recording.recordAll(reported),
    }),
    roleReads,
    roles,
    teamReads,
    teams,
    tenantReads,
    sessions: createSessions({ clock, database, ends, events, users }),
    signIn: createSignIn({ attempts, clock, database, events, hasher, logger, tokens: sessionTokens }),
    tenants,
    tokens,
    trustedIssuers,
    usage: createUsage({
      recording,
      clock,
      findKeyIdsOfTeams: (...asked) => findKeyIdsOfTeams(database.prisma, ...asked),
    }),
    userReads,
    users,
    verify: createVerify({
      index,
      clock,
      guesses: keyGuesses,
      addressGuesses,
      apiAccess,
      record: settings.recordVerifications ? (event) => recording.record(event) : null,
    }),
  };

  const issuer = (): string => publicUrl.origin;
  const artifacts = createArtifacts({ audit, clock, database, events, secretBox, userStates });
  const oauthTokens = createOAuthTokens({ clientStates, roleStates, tenantStates, tokenStates, userStates });
  const issuerKeys = new IssuerKeys({ fetch: safeFetch, clock });
  const jwtCredentials = createJwtCredentials({
    issuer,
    signing,
    oauthTokens,
    externalTokens: createExternalTokens({
      clock,
      guesses: tokenGuesses,
      issuerStates,
      issuerKeys,
      roleStates,
      tenantStates,
      userStates,
      users,
    }),
    findSession: (jwt) => sessionCredentials.find(jwt),
  });
  const authorizationServer = createAuthorizationServer({
    artifacts,
    clock,
    interactions: createInteractions({
      signIn: createPasswordSignIn({ events, ends, signIn: services.signIn }),
      tokens: oauthTokens,
      userNameOf: async (id) => (await userStates.get(id))?.name ?? "",
    }),
    issuer,
    logger,
    signing,
    signingKeys,
    tokens: oauthTokens,
  });
  const authenticate = createAuthenticate({
    clock,
    findCredential: (tokenHash, address) => credentials.find(tokenHash, address),
    findJwt: (jwt, origin) => jwtCredentials.find(jwt, origin),
    onUsed: (tokenId, now) => tokenUse.saw(tokenId, now),
  });
  const streams = new OpenStreams();
  const graphql = createGraphql({ schema, logger, timeLimitMs: outside.timeLimitMs });
  const verification = { authenticate, verify: services.verify, logger, timeLimitMs: outside.timeLimitMs };
  const http = createHttpServer({
    graphql: createGraphqlEndpoint({
      streams,
      authenticate,
      graphql,
      services,
      openFields: openFieldsOf(schema),
      logger,
      timeLimitMs: outside.timeLimitMs,
    }),
    v1: {
      verify: createVerifyEndpoint(verification),
      "forward-auth": createForwardAuth(verification),
      "verification-records": createVerificationRecordsEndpoint({
        authenticate,
        records: createVerificationRecords({ database, clock }),
        logger,
        timeLimitMs: outside.timeLimitMs,
      }),
      "key-events": createKeyEventsEndpoint({
        authenticate,
        keyEvents: services.keyEvents,
        streams,
        logger,
        timeLimitMs: outside.timeLimitMs,
      }),
    },
    metrics: createMetricsEndpoint({
      authenticate,
      logger,
      source: {
        usage: () => recording.status,
        cachedKeys: () => index.size,
        openStreams: () => streams.size,
        refusedGuesses: () => [
          ["token", tokenGuesses.refused],
          ["key", keyGuesses.refused],
          ["key_of_address", addressGuesses.heldUp],
        ],
      },
    }),
    oauth: createOAuthEndpoint({
      server: authorizationServer,
      issuer,
      logger,
      timeLimitMs: outside.timeLimitMs,
    }),
    jwks: createJwksEndpoint({ signing, logger, timeLimitMs: outside.timeLimitMs }),
    exports: createExports({ authenticate, usage: services.usage, logger }),
    pages: createPages({
      version,
      database: database.kind === "embedded" ? "an embedded database" : "PostgreSQL",
    }),
    ping: () => database.ping(),
    streams,
    webSockets: createWebSocketEndpoint({ authenticate, graphql, services, streams, logger }),
    trustProxy: settings.trustProxy,
    logger,
  });

  await relay.start();
  // Last of all that can fail: a token that is made is shown once, by whoever gets this start's result.
  const rootToken = await ensureRootToken().catch(async (error: unknown) => {
    await relay.stop();
    throw error;
  });
  const stopping = new AbortController();
  const warmedUp = Promise.all([credentials.warmUp(), index.warmUp(stopping.signal)]).then(
    () => {},
    (error: unknown) => logger.warn({ err: error }, "warming up failed; keys are read when they are first presented"),
  );
  const expiry = startExpiryScheduler({ database, events, clock, logger, reminders: expiryReminders });
  const maintenance = startMaintenance(
    [
      () => tokenUse.save(),
      () => idempotency.sweep(),
      () => eventLog.sweep(),
      () => signing.maintain(),
      () => attempts.sweep(),
      () => passwords.sweep(),
      () => sessionTokens.sweep(),
      () => mail.sweep(),
      () => artifacts.sweep(),
      () => integrity.runIfDue(),
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
        publicUrl.listening(address.port);
        return address;
      },
    },
    services,
    database,
    recording,
    eventLog,
    rootToken,
    warmedUp,
    async stop() {
      stopping.abort();
      await http.stop();
      // At once: each may wait for a query that a database which hangs lets time out.
      await Promise.all([warmedUp, expiry.stop(), relay.stop(), maintenance.stop(), passwords.stop()]);
      await integrity.stop();
      // After those who give it something to send.
      await mail.stop();
      await tokenUse.save().catch((error: unknown) => {
        logger.warn({ err: error }, "when management tokens were last used could not be saved");
      });
      await close();
    },
  };
}
