import type { Settings } from "../env.js";
import type { Services } from "../graphql/context.js";
import { openFieldsOf } from "../graphql/open-fields.js";
import { schema } from "../graphql/schema.js";
import { createGraphql } from "../graphql/yoga.js";
import { createExports } from "../http/exports.js";
import { createForwardAuth } from "../http/forward-auth.js";
import { createGraphqlEndpoint } from "../http/graphql-endpoint.js";
import { createJwksEndpoint } from "../http/jwks-endpoint.js";
import { createKeyEventsEndpoint } from "../http/key-events-endpoint.js";
import { createMetricsEndpoint } from "../http/metrics-endpoint.js";
import { createOAuthEndpoint } from "../http/oauth-endpoint.js";
import { OpenStreams } from "../http/open-streams.js";
import { createPages } from "../http/pages.js";
import { createSecretScanning } from "../http/secret-scanning.js";
import { createHttpServer, type HttpServer } from "../http/server.js";
import { createVerificationRecordsEndpoint } from "../http/verification-records.js";
import { createVerifyEndpoint } from "../http/verify-endpoint.js";
import { createWebSocketEndpoint } from "../http/websocket-endpoint.js";
import { createKeyExports } from "../modules/keys/index.js";
import { version } from "../version.js";
import type { Access } from "./access.js";
import type { Base } from "./base.js";
import type { Keys } from "./keys.js";
import type { LifecycleGroup } from "./lifecycle.js";
import type { OAuth } from "./oauth.js";

interface Served {
  readonly base: Base;
  readonly access: Access;
  readonly oauth: OAuth;
  readonly keys: Keys;
  readonly lifecycle: LifecycleGroup;
  readonly services: Services;
}

/** Everything that answers on the port. */
export function createHttp(settings: Settings, { base, access, oauth, keys, lifecycle, services }: Served): HttpServer {
  const { clock, database, logger, origin, recording, timeLimitMs } = base;
  const { publicUrl } = settings;
  const { authenticate } = oauth;
  const streams = new OpenStreams();
  const graphql = createGraphql({ schema, logger, timeLimitMs });
  const verification = { authenticate, verify: services.verify, logger, timeLimitMs };
  return createHttpServer({
    graphql: createGraphqlEndpoint({
      streams,
      authenticate,
      graphql,
      services,
      openFields: openFieldsOf(schema),
      logger,
      publicUrl,
      timeLimitMs,
    }),
    v1: {
      verify: createVerifyEndpoint(verification),
      "forward-auth": createForwardAuth(verification),
      "verification-records": createVerificationRecordsEndpoint({
        authenticate,
        records: keys.verificationRecords,
        logger,
        publicUrl,
        timeLimitMs,
      }),
      "key-events": createKeyEventsEndpoint({
        authenticate,
        keyEvents: services.keyEvents,
        streams,
        logger,
        publicUrl,
        timeLimitMs,
      }),
      "secret-scanning": createSecretScanning({
        keys: settings.secretScanningKeys,
        leaks: services.lifecycle.leaks,
        guesses: lifecycle.scannerGuesses,
        logger,
      }),
    },
    metrics: createMetricsEndpoint({
      authenticate,
      logger,
      source: {
        usage: () => recording.status,
        cachedKeys: () => keys.index.size,
        openStreams: () => streams.size,
        limits: () => keys.limiting.status(),
        refusedGuesses: () => [
          ["token", access.tokenGuesses.refused],
          ["key", keys.keyGuesses.refused],
          ["scanner", lifecycle.scannerGuesses.refused],
          ["key_of_address", keys.addressGuesses.heldUp],
        ],
      },
    }),
    oauth: createOAuthEndpoint({ server: oauth.authorizationServer, issuer: origin, logger, timeLimitMs }),
    jwks: createJwksEndpoint({ signing: access.signing, logger, timeLimitMs }),
    exports: createExports({
      authenticate,
      sources: { usage: services.usage, keys: createKeyExports(services.keyReads, clock) },
      logger,
    }),
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
}
