import {
  ConflictError,
  ForbiddenError,
  InvalidCredentialsError,
  InvalidInputError,
  type KeyplaneError,
  LimitReachedError,
  NotFoundError,
  RateLimitedError,
} from "../platform/errors.js";
import { builder } from "./builder.js";
import { ErrorCodeEnum } from "./enums.js";

/** The refusals that a mutation can answer with, as GraphQL types. Everything else that is thrown is masked. */
const ErrorInterface = builder.interfaceRef<KeyplaneError>("Error").implement({
  description: "A refusal: what is wrong and what to do about it.",
  fields: (t) => ({
    code: t.expose("code", { type: ErrorCodeEnum, description: "The reason, for programs." }),
    message: t.exposeString("message", { description: "The reason, and what to do, for people." }),
    docsUrl: t.exposeString("docsUrl", { description: "The page that explains this code." }),
  }),
});

const InputIssueType = builder.objectRef<{ path: readonly string[]; message: string }>("InputIssue").implement({
  description: "One thing that is wrong with an input.",
  fields: (t) => ({
    path: t.stringList({
      description: 'The way to the field from `input`, such as ["policy", "prefix"].',
      resolve: (issue) => [...issue.path],
    }),
    message: t.exposeString("message", { description: "What to do about it." }),
  }),
});

const simple = [
  [NotFoundError, "There is no such thing, or it belongs to another tenant: both answer alike."],
  [ConflictError, "The change contradicts the present state; the message says which."],
  [LimitReachedError, "A limit would be passed; the message says which and how to raise it."],
  [ForbiddenError, "The caller may not do this; the message names the permission."],
  [InvalidCredentialsError, "The password, refresh token or link is not accepted; the message says what to do."],
] as const;

for (const [type, description] of simple) {
  builder.objectType(type, { name: type.name, description, interfaces: [ErrorInterface] });
}

builder.objectType(InvalidInputError, {
  name: "InvalidInputError",
  description: "The input breaks rules; `issues` names every one.",
  interfaces: [ErrorInterface],
  fields: (t) => ({
    issues: t.field({
      type: [InputIssueType],
      description: "Everything that is wrong, each with its place.",
      resolve: (error) => [...error.issues],
    }),
  }),
});

builder.objectType(RateLimitedError, {
  name: "RateLimitedError",
  description: "Too many attempts came before this one, which was not looked into. Wait, then try again.",
  interfaces: [ErrorInterface],
  fields: (t) => ({
    retryAfterMs: t.expose("retryAfterMs", {
      type: "Milliseconds",
      description: "How long to wait until the next attempt is looked into.",
    }),
  }),
});

/** What every mutation can meet. */
export const changeErrors = [InvalidInputError, NotFoundError, ConflictError, LimitReachedError, ForbiddenError];

/** What those can meet who show a password, a refresh token or the token of a link. */
export const credentialErrors = [InvalidInputError, InvalidCredentialsError, RateLimitedError, ForbiddenError];
