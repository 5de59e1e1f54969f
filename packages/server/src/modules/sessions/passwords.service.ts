import { createHash } from "node:crypto";
import { generateKey, isSecretOf, networkOf, passwordLinkPrefix } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { Database, PasswordLink, Transaction, User } from "../../platform/database/index.js";
import {
  ConflictError,
  ForbiddenError,
  InvalidCredentialsError,
  InvalidInputError,
  KeyplaneError,
} from "../../platform/errors.js";
import type { Logger } from "../../platform/logger.js";
import { parseInput } from "../../platform/validation.js";
import { type Audit, type AuditActor, actorOf, userActor } from "../audit/index.js";
import { authorize, hashSecret, type Principal } from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { Mail } from "../mail/index.js";
import type { Users } from "../users/index.js";
import type { Attempts } from "./attempts/attempts.js";
import { linkMail } from "./lib/link-mail.js";
import type { PasswordHasher } from "./passwords/password-hasher.js";
import { passwordIssues } from "./passwords/password-policy.js";
import type { SessionEnds } from "./session-ends.js";
import {
  changePasswordSchema,
  requestPasswordLinkSchema,
  sendPasswordLinkSchema,
  setPasswordSchema,
} from "./sessions.input.js";
import * as store from "./sessions.store.js";

const minute = 60_000;
/** How long a link works, in milliseconds: for somebody who waits for it, and for somebody who was invited. */
export const linkLifetimes = { resetMs: 30 * minute, firstMs: 7 * 24 * 60 * minute } as const;

/** Accounts of one address that get a link at once. */
const maxAccountsPerRequest = 5;
/** Requests for links whose mail is being prepared, at most. */
const maxPreparing = 100;

const linkRefusal =
  "This link is not valid: it was used, has expired, or was replaced by a newer one. Ask for a new link.";

interface Deps {
  readonly attempts: Attempts;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly database: Database;
  readonly ends: SessionEnds;
  readonly events: Events;
  readonly hasher: PasswordHasher;
  readonly logger: Logger;
  readonly mail: Pick<Mail, "enqueue" | "kick">;
  /** Where links lead to: this installation, without a slash at the end. */
  readonly publicUrl: () => string;
  readonly users: Pick<Users, "lock">;
}

export type Passwords = ReturnType<typeof createPasswords>;

/** How people get a password, and change it. */
export function createPasswords(deps: Deps) {
  const { attempts, audit, clock, database, ends, events, hasher, logger, mail, publicUrl, users } = deps;
  const preparing = new Set<Promise<void>>();

  /** Makes a link and keeps its mail, in one transaction. Earlier links of the user end. */
  async function sendLink(
    tx: Transaction,
    account: store.Account,
    actor: AuditActor,
    lifetimeMs: number,
  ): Promise<PasswordLink> {
    const { user, tenant } = account;
    const { secret } = generateKey({ prefix: passwordLinkPrefix, environment: "LIVE" });
    const now = clock.now();
    await endLinks(tx, user.id);
    const link = await tx.passwordLink.create({
      data: {
        hash: hashSecret(secret),
        tenantId: tenant.id,
        userId: user.id,
        email: user.email,
        createdAt: new Date(now),
        expiresAt: new Date(now + lifetimeMs),
      },
    });
    // In the fragment, which no browser sends and no proxy logs.
    const url = `${publicUrl()}/password#${secret}`;
    await mail.enqueue(tx, linkMail({ ...account, url, expiresAt: link.expiresAt }), { keepMs: lifetimeMs });
    await recordChange(tx, actor, "password_link.sent", user, { expiresAt: link.expiresAt });
    return link;
  }

  async function endLinks(tx: Transaction, userId: string): Promise<void> {
    await tx.passwordLink.updateMany({ where: { userId, endedAt: null }, data: { endedAt: new Date(clock.now()) } });
  }

  async function recordChange(
    tx: Transaction,
    actor: AuditActor,
    action: string,
    user: User,
    after: object,
  ): Promise<void> {
    const target = { type: "User", id: user.id } as const;
    await audit.record(tx, { actor, action, tenantId: user.tenantId, target, before: null, after });
  }

  /** Sets a password, and ends what the old one has opened. @returns how many sessions ended. */
  async function setHash(
    tx: Transaction,
    user: User,
    hash: string,
    how: { readonly actor: AuditActor; readonly action: string; readonly except?: string },
  ): Promise<number> {
    await store.writePassword(tx, user.id, hash, new Date(clock.now()));
    await endLinks(tx, user.id);
    const { actor, except } = how;
    const endedSessions = await ends.endAll(tx, user.id, { actor, except, reason: "the password was changed" });
    const of = `user:${user.id}`;
    await attempts.forget(tx, [
      { kind: "account", of },
      { kind: "pair", of: `${of} ${networkOf(actor.address)}` },
    ]);
    await recordChange(tx, actor, how.action, user, { endedSessions });
    return endedSessions;
  }

  /** Sends links to the accounts of an address, if there are any. */
  async function answerRequest(principal: Principal, email: string, tenant: string | undefined): Promise<void> {
    const found = await store.findAccounts(database.prisma, email, tenant, maxAccountsPerRequest);
    for (const { user } of found) {
      await events.transaction(async (tx) => {
        const account = await store.lockAccount(tx, user.id);
        if (account?.user.status !== "ACTIVE" || account.tenant.status !== "ACTIVE") return;
        await sendLink(tx, account, actorOf(principal), linkLifetimes.resetMs);
      });
    }
    mail.kick();
  }

  /** The link of a token, while it works. */
  async function findLink(
    tx: Transaction | Database["prisma"],
    hash: string,
  ): Promise<{ link: PasswordLink; account: store.Account }> {
    const link = await tx.passwordLink.findUnique({ where: { hash } });
    const account = link && (await store.findAccount(tx, link.userId));
    const isGood =
      link &&
      account &&
      link.endedAt === null &&
      clock.now() < link.expiresAt.getTime() &&
      // Sent to an address that is the user's no more, it may lie in somebody else's mailbox.
      account.user.activeEmail === link.email &&
      account.user.status === "ACTIVE" &&
      account.tenant.status === "ACTIVE";
    if (!isGood) throw new InvalidCredentialsError(linkRefusal);
    return { link, account };
  }

  return {
    /**
     * Sends a link by which to set a new password, if the address has an account. Answers before that is known, so that neither the
     * answer nor its time tells.
     *
     * @throws InvalidInputError, RateLimitedError.
     */
    async requestLink(principal: Principal, rawInput: unknown): Promise<void> {
      const { email, tenant } = parseInput(requestPasswordLinkSchema, rawInput);
      await attempts.charge([
        { kind: "linkAccount", of: `email:${email}` },
        { kind: "linkAddress", of: networkOf(principal.address) },
      ]);
      if (preparing.size >= maxPreparing) {
        throw new KeyplaneError("UNAVAILABLE", "Too many people ask for links at this moment. Try again in a minute.");
      }
      const work = answerRequest(principal, email, tenant)
        .catch((error: unknown) => logger.error({ err: error, requestId: principal.requestId }, "a link was not sent"))
        .finally(() => preparing.delete(work));
      preparing.add(work);
    },

    /**
     * Sends a user a link by which to set a password: for a week when it is the first one.
     *
     * @throws NotFoundError, ConflictError for a user who could not use it, ForbiddenError without `users:update`.
     */
    async sendLink(principal: Principal, rawInput: unknown): Promise<{ user: User; expiresAt: Date }> {
      authorize(principal, "users:update");
      const { userId } = parseInput(sendPasswordLinkSchema, rawInput);
      const sent = await events.transaction(async (tx) => {
        const user = await users.lock(tx, principal, userId);
        const account = (await store.findAccount(tx, user.id)) as store.Account;
        if (user.status === "DELETED") throw new ConflictError("This user was deleted. Send the link to another one.");
        if (user.status === "DISABLED")
          throw new ConflictError("This user is disabled. Enable the user first with enableUser.");
        if (account.tenant.status !== "ACTIVE")
          throw new ConflictError("The user's tenant is suspended. Resume it first.");
        const lifetimeMs = account.passwordHash === null ? linkLifetimes.firstMs : linkLifetimes.resetMs;
        const { expiresAt } = await sendLink(tx, account, actorOf(principal), lifetimeMs);
        return { user, expiresAt };
      });
      mail.kick();
      return sent;
    },

    /**
     * Sets the password by a link, once. All sessions of the user end.
     *
     * @throws InvalidCredentialsError for a link that does not work; InvalidInputError for a password that is too easy to guess, after
     * which the link still works.
     */
    async set(principal: Principal, rawInput: unknown): Promise<{ endedSessions: number }> {
      const { token, password } = parseInput(setPasswordSchema, rawInput);
      if (!isSecretOf(token, passwordLinkPrefix)) throw new InvalidCredentialsError(linkRefusal);
      const linkHash = hashSecret(token);
      const { account } = await findLink(database.prisma, linkHash);
      await refuseWeak(password, account, ["password"]);
      const hash = await hasher.hash(password);
      return events.transaction(async (tx) => {
        await store.lockAccount(tx, account.user.id);
        const { user } = (await findLink(tx, linkHash)).account;
        const actor = userActor(user, principal);
        return { endedSessions: await setHash(tx, user, hash, { actor, action: "password.set" }) };
      });
    },

    /**
     * Changes the caller's own password. All other sessions of the user end.
     *
     * @throws ForbiddenError unless the caller has signed in; InvalidCredentialsError when the current password is wrong;
     * InvalidInputError, RateLimitedError.
     */
    async change(principal: Principal, rawInput: unknown): Promise<{ endedSessions: number }> {
      const { userId } = principal;
      if (principal.kind !== "session" || userId === null) {
        throw new ForbiddenError(
          "Only somebody who has signed in can change a password, their own. Sign in with signIn.",
        );
      }
      const { currentPassword, newPassword } = parseInput(changePasswordSchema, rawInput);
      const charged = await attempts.charge([{ kind: "pair", of: `user:${userId} ${networkOf(principal.address)}` }]);
      const account = await store.findAccount(database.prisma, userId);
      if (!account || !(await hasher.verify(account.passwordHash, currentPassword))) {
        throw new InvalidCredentialsError(
          "The current password is wrong. Type it again, or ask for a link with requestPasswordLink.",
        );
      }
      await charged.refund(["pair"]);
      if (sameText(currentPassword, newPassword)) {
        throw new InvalidInputError([
          { path: ["newPassword"], message: "This is the current password. Take another one." },
        ]);
      }
      await refuseWeak(newPassword, account, ["newPassword"]);
      const hash = await hasher.hash(newPassword);
      return events.transaction(async (tx) => {
        const now = await store.lockAccount(tx, userId);
        if (now?.passwordHash !== account.passwordHash) {
          throw new ConflictError("The password was changed by somebody else at this moment. Sign in again.");
        }
        const how = { actor: actorOf(principal), action: "password.changed", except: principal.id };
        return { endedSessions: await setHash(tx, now.user, hash, how) };
      });
    },

    /** A chore: removes links that work no more. */
    async sweep(): Promise<void> {
      await database.prisma.passwordLink.deleteMany({ where: { expiresAt: { lte: new Date(clock.now()) } } });
    },

    /** Resolves when the links that were asked for are on their way. */
    async stop(): Promise<void> {
      await Promise.all(preparing);
    },
  };
}

async function refuseWeak(password: string, { user, tenant }: store.Account, path: readonly string[]): Promise<void> {
  const context = [user.email, user.name, user.externalId ?? "", tenant.name, tenant.slug];
  const issues = await passwordIssues(password, context, path);
  if (issues.length > 0) throw new InvalidInputError(issues);
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string): string => createHash("sha256").update(text.normalize("NFKC")).digest("hex");
  return digest(a) === digest(b);
}
