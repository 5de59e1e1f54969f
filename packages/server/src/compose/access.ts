import type { Settings } from "../env.js";
import { createFileTransport, createMail, createSmtpTransport } from "../modules/mail/index.js";
import { createArtifacts } from "../modules/oauth/index.js";
import {
  createAttempts,
  createPasswordHasher,
  createPasswords,
  createSessionEnds,
  createSessions,
  createSessionTokens,
  createSignIn,
  SessionCredentials,
} from "../modules/sessions/index.js";
import { createSigning, SigningKeys } from "../modules/signing/index.js";
import { Credentials, createTokens, TokenUse } from "../modules/tokens/index.js";
import { GuessLimiter } from "../platform/guess-limiter.js";
import type { Base } from "./base.js";
import type { Tenancy } from "./tenancy.js";

/** How people and programs of this server are let in: management tokens, passwords, sessions. */
export type Access = ReturnType<typeof createAccess>;

export function createAccess(settings: Settings, base: Base, tenancy: Tenancy) {
  const { audit, clock, database, events, idempotency, logger, origin, secretBox } = base;
  const { roles, standings, tenants, userStates, users } = tenancy;

  const tokenGuesses = new GuessLimiter({
    clock,
    attempts: settings.unknownTokensPerMinute,
    windowMs: 60_000,
    refusal: "Too many unknown management tokens came from this address.",
  });
  const credentials = new Credentials({ database, guesses: tokenGuesses, standings });
  const tokenUse = new TokenUse({ database });
  const isRootGiven = settings.rootToken !== null;
  const tokens = createTokens({
    audit,
    clock,
    database,
    events,
    idempotency,
    isRootGiven,
    roles,
    tenants,
    use: tokenUse,
    users,
  });

  const signingKeys = new SigningKeys({ audit, clock, database, events, secretBox, rotationMs: settings.signingKeyMs });
  const signing = createSigning({ clock, keys: signingKeys, issuer: origin });
  const sessionCredentials = new SessionCredentials({
    clock,
    database,
    signing,
    standings,
    audience: origin,
  });
  for (const listener of [credentials, sessionCredentials, signingKeys]) events.subscribe(listener);

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
  const artifacts = createArtifacts({ audit, clock, database, events, secretBox, userStates });
  const ends = createSessionEnds({
    audit,
    clock,
    events,
    endElsewhere: (tx, userId, how) => artifacts.endOfUser(tx, userId, how),
  });
  const sessionTokens = createSessionTokens({
    audit,
    clock,
    database,
    ends,
    events,
    secretBox,
    signing,
    audience: origin,
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
    publicUrl: origin,
    users,
  });
  return {
    artifacts,
    attempts,
    credentials,
    ends,
    mail,
    passwords,
    sessionCredentials,
    sessionTokens,
    sessions: createSessions({ clock, database, ends, events, users }),
    signIn: createSignIn({ attempts, clock, database, events, hasher, logger, tokens: sessionTokens }),
    signing,
    signingKeys,
    tokenGuesses,
    tokenUse,
    tokens,
  };
}
