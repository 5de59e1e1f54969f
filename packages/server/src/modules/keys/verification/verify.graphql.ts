import type { QuotaState, RateLimitState } from "@keyplane/schema";
import { countAttempt } from "../../../graphql/attempts.js";
import { builder } from "../../../graphql/builder.js";
import { EnvironmentEnum, LimitTargetEnum, VerdictCodeEnum } from "../../../graphql/enums.js";
import { requiredInput } from "../../../graphql/mutation.js";
import { MeterInput } from "../../usage/usage-metrics.graphql.js";
import type { Verdict, VerifiedApi, VerifiedKey, VerifiedOwner } from "./verdict.js";

const VerifiedKeyType = builder.objectRef<VerifiedKey>("VerifiedKey").implement({
  description: "What a verifier may know of the key.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "The key's id." }),
    name: t.exposeString("name", { description: "What the key is for." }),
    start: t.exposeString("start", { description: "The visible beginning of the presented secret." }),
    environment: t.expose("environment", { type: EnvironmentEnum, description: "LIVE or TEST." }),
    metadata: t.expose("metadata", { type: "JSON", description: "Your own data about the key." }),
    expiresAt: t.expose("expiresAt", {
      type: "DateTime",
      nullable: true,
      description: "When it expires; null: never.",
    }),
  }),
});

const VerifiedOwnerType = builder.objectRef<VerifiedOwner>("VerifiedOwner").implement({
  description: "What a verifier may know of the key's owner.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "The user's id." }),
    externalId: t.exposeString("externalId", { nullable: true, description: "Your own system's id of the user." }),
    name: t.exposeString("name", { description: "The user's name." }),
    email: t.exposeString("email", { description: "The user's e-mail address." }),
  }),
});

const RateLimitStateType = builder.objectRef<RateLimitState>("RateLimitState").implement({
  description: "Where a rate limit of the call stands after it.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Which limit." }),
    limit: t.exposeInt("limit", { description: "How much it allows in its window." }),
    remaining: t.exposeInt("remaining", { description: "How much is left of it." }),
    resetAt: t.field({
      type: "DateTime",
      description: "When it is whole again.",
      resolve: (state) => new Date(state.resetAt),
    }),
    exceeded: t.exposeBoolean("exceeded", { description: "Whether this call went over it." }),
    target: t.expose("target", { type: LimitTargetEnum, description: "Whose limit it is." }),
  }),
});

const QuotaStateType = builder.objectRef<QuotaState>("QuotaState").implement({
  description:
    "Where a quota of the call stands after it: the one that refuses it, or of several that let it pass the one with the least left.",
  fields: (t) => ({
    limit: t.exposeInt("limit", { description: "How much it allows." }),
    used: t.exposeInt("used", { description: "How much is used of it." }),
    remaining: t.exposeInt("remaining", { description: "How much is left of it." }),
    resetAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When it is whole again; null: never by itself.",
      resolve: (state) => (state.resetAt === null ? null : new Date(state.resetAt)),
    }),
    exceeded: t.exposeBoolean("exceeded", { description: "Whether this call went over it." }),
    target: t.expose("target", { type: LimitTargetEnum, description: "Whose quota it is." }),
  }),
});

const VerifiedApiType = builder.objectRef<VerifiedApi>("VerifiedApi").implement({
  description: "The API that a verification asked for.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "The API's id." }),
    slug: t.exposeString("slug", { description: "By what it is asked for." }),
    name: t.exposeString("name", { description: "The name that people read." }),
    version: t.exposeString("version", {
      nullable: true,
      description: "The version that was asked for; null: none was.",
    }),
    deprecatedAt: t.expose("deprecatedAt", {
      type: "DateTime",
      nullable: true,
      description: "From when on callers of this version are told to move on (RFC 9745); null: not planned.",
    }),
    retiredAt: t.expose("retiredAt", {
      type: "DateTime",
      nullable: true,
      description: "From when on this version is refused (RFC 8594); null: not planned.",
    }),
  }),
});

export const VerdictType = builder.objectRef<Verdict>("Verdict").implement({
  description: "Whether a key is valid, and if not, exactly why and what to do. A refusal is an answer, not an error.",
  fields: (t) => ({
    valid: t.exposeBoolean("valid", { description: "Whether to let the call in. True only for the code VALID." }),
    code: t.expose("code", { type: VerdictCodeEnum, description: "The first reason that applies, for programs." }),
    message: t.exposeString("message", { description: "The reason, and what to do, for people." }),
    docsUrl: t.exposeString("docsUrl", { description: "The page that explains this code." }),
    requestId: t.exposeID("requestId", { description: "Names this call in logs; quote it when you ask for help." }),
    key: t.expose("key", {
      type: VerifiedKeyType,
      nullable: true,
      description: "The key; null when there is none, or none that you may see.",
    }),
    owner: t.expose("owner", { type: VerifiedOwnerType, nullable: true, description: "Who owns the key." }),
    tenantId: t.exposeID("tenantId", { nullable: true, description: "The tenant that the key belongs to." }),
    scopes: t.stringList({
      description: "What the key can use: its scopes, as far as its owner's role and its team allow them.",
      resolve: (verdict) => verdict.scopes as string[],
    }),
    missingScopes: t.stringList({
      description: "Those of the asked scopes that the key lacks, or that its owner's role or its team does not allow.",
      resolve: (verdict) => verdict.missingScopes as string[],
    }),
    rateLimits: t.field({
      type: [RateLimitStateType],
      description:
        "Where the rate limits stand that the call is under: of the key, its owner, its tenant and the API. Empty: there are none, or the call was refused before.",
      resolve: (verdict) => verdict.rateLimits as RateLimitState[],
    }),
    quota: t.expose("quota", {
      type: QuotaStateType,
      nullable: true,
      description:
        "Where the quota stands that the call is under, of several the one with the least left; null: there is none, or the call was refused before.",
    }),
    retryAfterMs: t.exposeInt("retryAfterMs", {
      nullable: true,
      description: "After how many milliseconds a retry can succeed; null: a retry changes nothing.",
    }),
    hint: t.exposeString("hint", {
      nullable: true,
      description:
        "For a malformed or mistyped key: what looks wrong about it. For a valid one: that it should have got a new secret by now, or that the version of the API is deprecated, or both.",
    }),
    api: t.expose("api", {
      type: VerifiedApiType,
      nullable: true,
      description: "The API that was asked for; null: none was, or the key's tenant has no such API.",
    }),
  }),
});

const VerifyKeyInput = builder.inputType("VerifyKeyInput", {
  description: "A key as somebody presented it, and what it is to be used for.",
  fields: (t) => ({
    key: t.string({ required: true, description: "The whole key, unchanged: what is wrong about it is found here." }),
    scopes: t.stringList({ description: "The scopes that the call needs; the key must carry all of them." }),
    environment: t.field({ type: EnvironmentEnum, description: "The environment that the call is for." }),
    ip: t.string({
      description:
        "The address that the call came from, for address lists. Those who present unknown keys from one address are held up by it.",
    }),
    cost: t.int({ defaultValue: 1, description: "How much the call counts, 0 to 1000000." }),
    tags: t.stringList({ description: "Labels for usage, at most 20." }),
    api: t.string({
      description:
        "Which of your APIs is called, by slug, id or slug@version: the key needs access to it, and usage is counted by it. In a tenant without APIs any name will do, and is only counted.",
    }),
    meters: t.field({ type: [MeterInput], description: "Quantities of the call that usage sums up, at most 10." }),
    userAgent: t.string({
      description: "The program that presented the key, for the call log; cut after 256 characters.",
    }),
  }),
});

builder.mutationField("verifyKey", (t) =>
  t.field({
    description: "Says whether a key is valid, and if not, exactly why.",
    type: VerdictType,
    access: { permission: "keys:verify" },
    args: { input: t.arg({ type: VerifyKeyInput, ...requiredInput }) },
    resolve: (_, { input }, context) => {
      countAttempt(context);
      return context.services.verify(context.principal, input);
    },
  }),
);
