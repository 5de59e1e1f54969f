import type { Command } from "../command.js";
import { apiCommands } from "./apis.js";
import { auditCommands } from "./audit.js";
import { clientCommands } from "./clients.js";
import { eventCommands } from "./events.js";
import { integrityCommands } from "./integrity.js";
import { issuerCommands } from "./issuers.js";
import { keyChecks } from "./key-checks.js";
import { keyResolution } from "./key-resolution.js";
import { keyCommands } from "./keys.js";
import { lifecycleCommands } from "./lifecycle.js";
import { limitCommands } from "./limits.js";
import { quotaCommands } from "./quotas.js";
import { roleCommands } from "./roles.js";
import { sessionCommands } from "./session.js";
import { teamCommands } from "./teams.js";
import { tenantCommands } from "./tenants.js";
import { tokenCommands } from "./tokens.js";
import { usageCommands } from "./usage.js";
import { userCommands } from "./users.js";
import { webhookCommands } from "./webhooks.js";

/** What the first word of two stands for. */
export const groups: Readonly<Record<string, string>> = {
  tenants: "Tenants: who has users and keys.",
  users: "Users: the owners of keys.",
  roles: "Custom roles: what a tenant makes of permissions.",
  teams: "Teams: users who look after keys together.",
  keys: "API keys.",
  apis: "APIs of tenants, and which keys may call them.",
  limits: "Rate limits: how fast keys may be used, and APIs called.",
  quotas: "Quotas: how much keys may be used.",
  findings: "What was found about keys, such as leaks.",
  policies: "Lifecycle policies: what happens to keys by itself.",
  usage: "Who called what how often, with which outcome.",
  events: "What happens to keys, their owners and tenants.",
  webhooks: "Webhooks: addresses that are told of events.",
  integrity: "Whether the database contradicts itself, or was changed past Keyplane.",
  tokens: "Management tokens: credentials of programs for Keyplane itself.",
  clients: "OAuth clients: programs that get access tokens from the server itself.",
  issuers: "Trusted issuers: identity providers whose tokens a tenant accepts.",
  audit: "Who changed what, when, from where.",
};

/** Every command. Add one to its file: the help, docs/reference/cli.md and the tests read this table. */
export const commands: readonly Command[] = [
  ...sessionCommands,
  ...tenantCommands,
  ...userCommands,
  ...roleCommands,
  ...teamCommands,
  ...keyCommands,
  ...keyChecks,
  ...keyResolution,
  ...apiCommands,
  ...limitCommands,
  ...quotaCommands,
  ...lifecycleCommands,
  ...usageCommands,
  ...eventCommands,
  ...webhookCommands,
  ...integrityCommands,
  ...tokenCommands,
  ...clientCommands,
  ...issuerCommands,
  ...auditCommands,
];
