import type { Command } from "../command.js";
import { auditCommands } from "./audit.js";
import { clientCommands } from "./clients.js";
import { eventCommands } from "./events.js";
import { issuerCommands } from "./issuers.js";
import { keyChecks } from "./key-checks.js";
import { keyCommands } from "./keys.js";
import { roleCommands } from "./roles.js";
import { sessionCommands } from "./session.js";
import { teamCommands } from "./teams.js";
import { tenantCommands } from "./tenants.js";
import { tokenCommands } from "./tokens.js";
import { usageCommands } from "./usage.js";
import { userCommands } from "./users.js";

/** What the first word of two stands for. */
export const groups: Readonly<Record<string, string>> = {
  tenants: "Tenants: who has users and keys.",
  users: "Users: the owners of keys.",
  roles: "Custom roles: what a tenant makes of permissions.",
  teams: "Teams: users who look after keys together.",
  keys: "API keys.",
  usage: "Who called what how often, with which outcome.",
  events: "What happens to keys, their owners and tenants.",
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
  ...usageCommands,
  ...eventCommands,
  ...tokenCommands,
  ...clientCommands,
  ...issuerCommands,
  ...auditCommands,
];
