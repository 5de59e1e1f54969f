// Importing a file of types adds them to the builder. Add a module's file here.
import "./scalars.js";
import "./errors.js";
import "./node.js";
import "../modules/tenants/tenants.graphql.js";
import "../modules/roles/roles.graphql.js";
import "../modules/users/users.graphql.js";
import "../modules/teams/teams.graphql.js";
import "../modules/apis/apis.graphql.js";
import "../modules/apis/grants.graphql.js";
import "../modules/tokens/tokens.graphql.js";
import "../modules/oauth/clients/clients.graphql.js";
import "../modules/oauth/issuers/issuers.graphql.js";
import "../modules/sessions/sessions.graphql.js";
import "../modules/sessions/passwords.graphql.js";
import "../modules/usage/usage.graphql.js";
import "../modules/usage/usage-events.graphql.js";
import "../modules/usage/usage-live.graphql.js";
import "../modules/usage/record-usage.graphql.js";
import "../modules/events/key-events.graphql.js";
import "../modules/limits/limits.graphql.js";
import "../modules/keys/keys.graphql.js";
import "../modules/keys/key-changes.graphql.js";
import "../modules/keys/verification/verify.graphql.js";
import "../modules/integrity/integrity.graphql.js";
import "../modules/lifecycle/policy/policy.graphql.js";
import "../modules/lifecycle/findings/findings.graphql.js";
import "../modules/lifecycle/leaks/leaks.graphql.js";
import "../modules/lifecycle/hygiene/hygiene.graphql.js";
import "../modules/webhooks/webhooks.graphql.js";
import "../modules/diagnosis/diagnosis.graphql.js";
import "../modules/diagnosis/resolve/resolve-invalid-user.graphql.js";
import "../modules/audit/audit.graphql.js";
import "../modules/viewer/can.graphql.js";
import type { GraphQLSchema } from "graphql";
import { builder } from "./builder.js";

/** The whole schema, in alphabetical order, so that a change of it reads as a change. */
export const schema: GraphQLSchema = builder.toSchema({ sortSchema: true });
