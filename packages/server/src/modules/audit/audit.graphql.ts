import { builder } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import type { AuditRecord } from "./audit.record.js";

const AuditRecordType = builder.objectRef<AuditRecord>("AuditRecord").implement({
  description: "One change: who made it, what it was, from where.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "`aud_…`." }),
    tenantId: t.exposeID("tenantId", { nullable: true, description: "The tenant concerned; null: the installation." }),
    actorType: t.exposeString("actorType", {
      description:
        "`management_token`, `oauth_client`, `user` for a person who has signed in, `trusted_issuer` for whoever vouched for a new user, or `system` for Keyplane itself.",
    }),
    actorId: t.exposeID("actorId", { description: "Who made the change." }),
    actorName: t.exposeString("actorName", { description: "The actor's name at that time." }),
    action: t.exposeString("action", { description: "What was done, e.g. `key.revoked`." }),
    targetType: t.exposeString("targetType", { description: "The kind of thing, e.g. `Key`." }),
    targetId: t.exposeID("targetId", { description: "What was changed." }),
    before: t.expose("before", { type: "JSON", nullable: true, description: "Its state before; null: it was new." }),
    after: t.expose("after", { type: "JSON", nullable: true, description: "Its state after, without secrets." }),
    reason: t.exposeString("reason", { nullable: true, description: "Why, as whoever made the change said." }),
    address: t.exposeString("address", { nullable: true, description: "The address that the request came from." }),
    requestId: t.exposeID("requestId", { description: "The request, as in the logs." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When." }),
  }),
});

const AuditConnection = connectionOf("Audit", AuditRecordType);

const AuditFilterInput = builder.inputType("AuditFilter", {
  description: "Which changes; what is left out does not matter.",
  fields: (t) => ({
    actorId: t.id({ description: "Those that this actor made." }),
    action: t.string({ description: "Those of this kind, e.g. `key.revoked`." }),
    targetId: t.id({ description: "Those of this tenant, user, key or token." }),
    from: t.field({ type: "DateTime", description: "Those at or after this time." }),
    to: t.field({ type: "DateTime", description: "Those before this time." }),
  }),
});

builder.queryField("auditLog", (t) =>
  t.field({
    description: "Every change, newest first.",
    type: AuditConnection,
    access: { permission: "audit:read" },
    complexity: listComplexity,
    args: {
      tenantId: t.arg.id({ description: "Only this tenant's; all that you may see when left out." }),
      ...pageArguments(t.arg),
      filter: t.arg({ type: AuditFilterInput, description: "Which changes." }),
    },
    resolve: (_, { tenantId, filter, ...page }, { principal, services }) =>
      services.audit.list(principal, { ...filter, tenantId }, page),
  }),
);
