import { builder } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import { changeErrors, credentialErrors } from "../../graphql/errors.js";
import { payloadOf, requiredInput } from "../../graphql/mutation.js";
import type { Session } from "../../platform/database/index.js";
import type { IssuedTokens } from "./index.js";

const SessionType = builder.objectRef<Session>("Session").implement({
  description: "Somebody who has signed in, until they sign out, do nothing for 30 days, or 90 days have passed.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "`ses_…`." }),
    userId: t.exposeID("userId", { description: "The id of who has signed in." }),
    tenantId: t.exposeID("tenantId", { description: "The id of their tenant." }),
    address: t.exposeString("address", {
      nullable: true,
      description: "From where it was last begun or renewed; null when that is not known.",
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When they signed in." }),
    refreshedAt: t.expose("refreshedAt", { type: "DateTime", description: "When it was last renewed." }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", description: "When it ends, however often it is renewed." }),
    endedAt: t.expose("endedAt", { type: "DateTime", nullable: true, description: "When it ended; null: it has not." }),
    isCurrent: t.boolean({
      description: "Whether it is the one that this request is made with.",
      resolve: (session, _, { principal }) => session.id === principal.id,
    }),
  }),
});

const SessionConnection = connectionOf("Session", SessionType);

builder.queryField("sessions", (t) =>
  t.field({
    description:
      "Who is signed in, newest first: your own sessions; with the permission `sessions:read` also those of others whom you may see.",
    type: SessionConnection,
    access: "signed-in",
    complexity: listComplexity,
    args: {
      userId: t.arg.id({
        description: "Those of this user; left out: your own if you have signed in, else all that you may see.",
      }),
      ...pageArguments(t.arg),
    },
    resolve: (_, { userId, ...page }, { principal, services }) => services.sessions.list(principal, userId, page),
  }),
);

/** The payload of what hands out a session's tokens. */
function tokensPayload(name: string) {
  return builder.objectRef<IssuedTokens>(name).implement({
    description: "The session, and the tokens that belong to it: shown this once.",
    fields: (t) => ({
      session: t.field({ type: SessionType, description: "The session.", resolve: (issued) => issued.session }),
      accessToken: t.exposeString("accessToken", {
        description: "Send it as `Authorization: Bearer`. A JSON Web Token that works for ten minutes.",
      }),
      accessTokenExpiresAt: t.expose("accessTokenExpiresAt", {
        type: "DateTime",
        description: "When it stops to work.",
      }),
      refreshToken: t.exposeString("refreshToken", {
        description: "Keep it secret. It gets the next pair of tokens from `refreshSession`, once.",
      }),
      refreshTokenExpiresAt: t.expose("refreshTokenExpiresAt", {
        type: "DateTime",
        description: "When it stops to work, unless it is used before.",
      }),
    }),
  });
}

const SignInPayload = tokensPayload("SignInPayload");
const RefreshSessionPayload = tokensPayload("RefreshSessionPayload");
const SignOutPayload = payloadOf("SignOutPayload", "session", SessionType);
const SignOutEverywherePayload = builder.objectRef<{ endedSessions: number }>("SignOutEverywherePayload").implement({
  description: "What has ended.",
  fields: (t) => ({
    endedSessions: t.exposeInt("endedSessions", { description: "How many sessions." }),
  }),
});

const SignInInput = builder.inputType("SignInInput", {
  description: "Who you are, and what shows it.",
  fields: (t) => ({
    email: t.string({ required: true, description: "Your e-mail address." }),
    password: t.string({ required: true, description: "Your password." }),
    tenant: t.string({ description: "The slug or id of your tenant; needed when your address is used in several." }),
  }),
});
const RefreshSessionInput = builder.inputType("RefreshSessionInput", {
  description: "Which session to renew.",
  fields: (t) => ({
    refreshToken: t.string({ required: true, description: "The newest refresh token of the session." }),
  }),
});
const SignOutEverywhereInput = builder.inputType("SignOutEverywhereInput", {
  description: "Whose sessions to end.",
  fields: (t) => ({
    userId: t.id({ description: "This user's, which needs the permission `sessions:revoke`; left out: your own." }),
  }),
});

builder.mutationFields((t) => ({
  signIn: t.field({
    description:
      "Signs you in with e-mail address and password. Whatever is wrong, the answer is the same. After some failures you have to wait.",
    type: SignInPayload,
    errors: { types: credentialErrors },
    access: "anyone",
    args: { input: t.arg({ type: SignInInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.signIn.signIn(principal, input),
  }),
  refreshSession: t.field({
    description:
      "Renews a session: a new access token, and a new refresh token in the place of the old one. An old one that is shown again ends the session; only within ten seconds, and while the new one was not used, it is answered as the first time.",
    type: RefreshSessionPayload,
    errors: { types: credentialErrors },
    access: "anyone",
    args: { input: t.arg({ type: RefreshSessionInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.signIn.refresh(principal, input),
  }),
  signOut: t.field({
    description: "Ends the session that this request is made with.",
    type: SignOutPayload,
    errors: { types: changeErrors },
    access: "signed-in",
    resolve: async (_, __, { principal, services }) => ({ session: await services.sessions.signOut(principal) }),
  }),
  signOutEverywhere: t.field({
    description:
      "Ends all your sessions, this one too; or, with the permission `sessions:revoke`, those of another user.",
    type: SignOutEverywherePayload,
    errors: { types: changeErrors },
    access: "signed-in",
    args: { input: t.arg({ type: SignOutEverywhereInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.sessions.signOutEverywhere(principal, input),
  }),
}));
