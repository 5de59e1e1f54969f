import type { Settings } from "../env.js";
import { createPlanRotations } from "../modules/keys/index.js";
import {
  createWebhookDeliveries,
  createWebhookRequest,
  createWebhooks,
  startWebhookSender,
  webhookLimits,
} from "../modules/webhooks/index.js";
import { GuessLimiter } from "../platform/guess-limiter.js";
import { createSafeFetch } from "../platform/safe-fetch.js";
import type { Base } from "./base.js";
import type { Tenancy } from "./tenancy.js";

/** Addresses of tenants that are told of events, and what sends the messages. */
export function createWebhookGroup(settings: Settings, base: Base, tenancy: Tenancy) {
  const { audit, clock, database, events, idempotency, logger, secretBox, webhookOutbox } = base;
  const allowPrivate = settings.allowPrivateWebhooks;
  const request = createWebhookRequest({ fetch: createSafeFetch({ allowPrivate }), secretBox });
  return {
    services: {
      webhooks: createWebhooks({
        audit,
        clock,
        database,
        events,
        idempotency,
        planRotations: createPlanRotations({ clock }),
        request,
        secretBox,
        tenants: tenancy.tenants,
        tests: new GuessLimiter({
          clock,
          attempts: webhookLimits.testsPerMinute,
          windowMs: 60_000,
          refusal: "This tenant's webhooks were tested too often.",
        }),
        allowPrivate,
      }),
      webhookDeliveries: createWebhookDeliveries({ audit, clock, database, events }),
    },
    /** Begins to send: at once what this process commits, and within a second what others do. */
    startSender() {
      const deps = { audit, clock, database, events, logger, random: Math.random, request, secretBox };
      const sender = startWebhookSender(deps);
      const unsubscribe = events.onWrite(() => {
        if (webhookOutbox.takeIsFilled()) sender.kick();
      });
      return {
        sweep: () => sender.sweep(),
        stop() {
          unsubscribe();
          return sender.stop();
        },
      };
    },
  };
}
