import { isDeepStrictEqual } from "node:util";
import { keysIn } from "@keyplane/schema";
import type { Clock } from "../../../platform/clock.js";
import type { Database, Key, Transaction, User } from "../../../platform/database/index.js";
import { ConflictError, InvalidInputError, KeyplaneError, NotFoundError } from "../../../platform/errors.js";
import type { GuessLimiter } from "../../../platform/guess-limiter.js";
import { parseInput } from "../../../platform/validation.js";
import { authorize, hashSecret, type Principal, visibleTo } from "../../auth/index.js";
import type { Events } from "../../events/index.js";
import type { Idempotency } from "../../idempotency/index.js";
import type { KeySecrets, Keys, Verdict } from "../../keys/index.js";
import { findOwnerOf } from "../../lifecycle/index.js";
import type { LimitReads } from "../../limits/index.js";
import type { Users } from "../../users/index.js";
import { noCircumstances, readCircumstances } from "../circumstances/circumstances.js";
import { type ResolveInvalidUserInput, resolveInvalidUserSchema } from "../diagnosis.input.js";
import { findOwner, findSecretOf } from "../diagnosis.store.js";
import { examineCase, verdictOf } from "../examination.js";
import { findPresented, formatOfStart } from "../presented.js";
import { readRows } from "../reading.js";
import { changesBetween, notReached, type ResolveStep, withoutMadeUp } from "./steps.js";

/** What was done, or in a plan would be. */
export interface InvalidUserResolution {
  readonly dryRun: boolean;
  readonly steps: readonly ResolveStep[];
  /** As it is now: in a plan, before it. */
  readonly key: Key;
  /** Whose the key is now; in a plan, whose it would be, or null for somebody who would be created. */
  readonly user: User | null;
  /** null in a plan, and where the key keeps its secret. */
  readonly secret: string | null;
  /** That of the new secret, or of the key as it stands where it keeps its own; null in a plan that is blocked. */
  readonly verdict: Verdict | null;
}

/** What one run of the steps has come to. */
interface Run {
  readonly steps: ResolveStep[];
  /** What it has made up itself, and another run would make up otherwise: the id of a new user, the start of a new secret. */
  readonly madeUp: string[];
  user?: User;
  secret?: string;
  verdict?: Verdict;
}

/** Undoes what a plan has tried out. */
class PlanMade extends Error {
  constructor(readonly run: Run) {
    super("a plan changes nothing");
  }
}

export type ResolveInvalidUser = (principal: Principal, input: unknown) => Promise<InvalidUserResolution>;

/**
 * Makes the guided operation that mends a key with an invalid user: identify, verify or create, update, reissue, test. Each step is
 * the mutation of its name, with that one's permission, audit record and event; all of them are one transaction. A plan makes the same
 * steps and undoes them, so that it cannot say other than what would happen.
 *
 * @param deps.usersWith makes the users' service for a transaction that is under way; `keySecretsWith` likewise.
 * @throws what the single mutations throw; ConflictError for a disabled user unless `enableDisabled` is given, and for a test that is refused
 * where `requireValid` is.
 */
export function createResolveInvalidUser(deps: {
  database: Database;
  clock: Clock;
  events: Events;
  guesses: GuessLimiter;
  idempotency: Idempotency;
  keys: Pick<Keys, "lock">;
  limitReads: Pick<LimitReads, "peek">;
  usersWith: (events: Events) => Users;
  keySecretsWith: (events: Events, users: Users) => KeySecrets;
}): ResolveInvalidUser {
  const { database, clock, events, guesses, idempotency, keys, limitReads, usersWith, keySecretsWith } = deps;

  async function identify(principal: Principal, input: ResolveInvalidUserInput): Promise<string> {
    const { length } = keysIn(input.key ?? "");
    if (length > 1) {
      const message = `There are ${length} keys in it. Give the one whose user is to be resolved.`;
      throw new InvalidInputError([{ path: ["key"], message }]);
    }
    const { secret, repaired } = await findPresented(database.prisma, principal, input, new Date(clock.now()), guesses);
    const found = secret ?? repaired?.secret;
    if (!found) throw new NotFoundError("key", input.keyId !== undefined ? "id" : input.start ? "start" : "text");
    return found.keyId;
  }

  /** The steps, each in its turn; `run` has those that were made when one cannot be. */
  async function make(
    tx: Transaction,
    principal: Principal,
    keyId: string,
    input: ResolveInvalidUserInput,
    run: Run,
  ): Promise<void> {
    const joined: Events = { ...events, transaction: (work) => work(tx) };
    const users = usersWith(joined);
    const { steps } = run;

    const key = await keys.lock(tx, principal, keyId);
    const owner = await findOwnerOf(tx, key);
    const whose = owner ? `${owner.name} <${owner.email}> (${owner.id}), who is ${owner.status}` : "nobody";
    const identified = `The key “${key.name}” (${key.id}) belongs to ${whose}.`;
    steps.push({ name: "IDENTIFY", outcome: "NOT_NEEDED", mutation: null, detail: identified, changes: [] });

    const { user: found, step } = await verify(tx, principal, users, key, owner, input);
    steps.push(step);
    if (step.mutation === "createUser") run.madeUp.push(found.id);

    const { user, step: update } = await bringUpToDate(principal, users, found, input);
    steps.push(update);
    run.user = user;

    if (user.id === key.ownerId && !input.reissue) {
      const detail = "The key belongs to this user already, and keeps its secret. Give reissue: true for a new one.";
      steps.push({ name: "REISSUE", outcome: "NOT_NEEDED", mutation: null, detail, changes: [] });
    } else {
      const issued = await keySecretsWith(joined, users).reissue(principal, { id: key.id, ownerId: user.id });
      run.secret = issued.secret;
      run.madeUp.push(issued.key.start);
      const who = `${user.name} <${user.email}> (${user.id})`;
      const detail = input.dryRun
        ? `The key would belong to ${who} and get a new secret; the old one would stop.`
        : `The key belongs to ${who} and has a new secret; the old one has stopped.`;
      const changes = changesBetween(key, issued.key, ["ownerId", "start"]);
      steps.push({ name: "REISSUE", outcome: "DONE", mutation: "reissueKey", detail, changes });
    }

    const verdict = await test(tx, principal, key.id, run.secret, input);
    const { valid, code, message } = verdict;
    if (!valid && input.requireValid) {
      throw new ConflictError(`The test would be refused, so that nothing is changed. ${code}: ${message}`);
    }
    run.verdict = verdict;
    steps.push({
      name: "TEST",
      outcome: valid ? "DONE" : "FAILED",
      mutation: null,
      detail: `${code}: ${message}`,
      changes: [],
    });
  }

  /** The verdict as the transaction sees it: about the new secret, or where there is none about the key's current one. */
  async function test(
    tx: Transaction,
    principal: Principal,
    keyId: string,
    secret: string | undefined,
    { test: asked }: ResolveInvalidUserInput,
  ): Promise<Verdict> {
    const by = secret === undefined ? { keyId, at: new Date(clock.now()) } : { hash: hashSecret(secret) };
    const found = await findSecretOf(tx, visibleTo(principal), by);
    const rows = found && (await readRows(tx, found));
    const call = asked ?? {};
    const of = {
      by: secret === undefined ? "id" : "text",
      format: formatOfStart(rows?.secret.start),
      rows,
      circumstances: rows ? await readCircumstances(tx, limitReads, rows, call) : noCircumstances,
      isAmbiguous: false,
      isWithoutSecret: rows === null,
    } as const;
    const at = clock.now();
    const { decision } = examineCase(of, call, at);
    return verdictOf(of, decision, { at, requestId: principal.requestId, showsOwner: true });
  }

  return async (principal, rawInput) => {
    authorize(principal, "keys:reissue");
    const input = parseInput(resolveInvalidUserSchema, rawInput);
    const keyId = await identify(principal, input);
    if (input.dryRun) return plan(principal, keyId, input);

    // The text that was presented is a secret: what is remembered of the attempt is the key that it names.
    const { key: _text, start: _start, idempotencyKey, dryRun, ...named } = input;
    const attempt = { operation: "resolveInvalidUser", idempotencyKey, input: { ...named, keyId } };
    const outcome = await idempotency.once(principal, attempt, events.transaction, async (tx) => {
      const run: Run = { steps: [], madeUp: [] };
      await make(tx, principal, keyId, input, run);
      return { targetId: keyId, secret: JSON.stringify({ secret: run.secret, steps: run.steps }) };
    });
    const { secret, steps } = JSON.parse(outcome.secret ?? "{}") as { secret?: string; steps: ResolveStep[] };
    return events.transaction(async (tx) => {
      const key = await keys.lock(tx, principal, outcome.targetId);
      const user = await findOwner(tx, key.ownerId);
      const verdict = await test(tx, principal, key.id, secret, input);
      return { dryRun, steps, key, user, secret: secret ?? null, verdict };
    });
  };

  /** Makes the steps and undoes them. */
  async function plan(
    principal: Principal,
    keyId: string,
    input: ResolveInvalidUserInput,
  ): Promise<InvalidUserResolution> {
    const run: Run = { steps: [], madeUp: [] };
    try {
      await events.transaction(async (tx) => {
        await make(tx, principal, keyId, input, run);
        throw new PlanMade(run);
      });
    } catch (error) {
      if (error instanceof KeyplaneError && run.steps.length > 0) {
        const [blocked, ...later] = notReached(run.steps);
        if (blocked) run.steps.push({ ...blocked, outcome: "BLOCKED", detail: error.message }, ...later);
      } else if (!(error instanceof PlanMade)) throw error;
    }
    const key = await events.transaction((tx) => keys.lock(tx, principal, keyId));
    const user = run.user ? await findOwner(database.prisma, run.user.id) : null;
    const steps = withoutMadeUp(run.steps, run.madeUp);
    const verdict = run.verdict ? plannedVerdict(run.verdict, key, user) : null;
    return { dryRun: true, steps, key, user, secret: null, verdict };
  }
}

/** A verdict without what a plan has made up: the new secret's start, and a user who is not there yet. */
function plannedVerdict(verdict: Verdict, { start }: Key, user: User | null): Verdict {
  return { ...verdict, key: verdict.key && { ...verdict.key, start }, owner: user && verdict.owner };
}

/** What can be said of a user in an input. */
const detailFields = ["email", "name", "externalId", "role", "customRoleId", "allowedIps", "deniedIps"] as const;

/** A user as a person reads it; null: nothing there. */
function shownOf({ allowedIps, deniedIps, ...user }: User) {
  return { ...user, allowedIps: allowedIps.join(", ") || null, deniedIps: deniedIps.join(", ") || null };
}

/** Step 2: the right user, who exists and is active. */
async function verify(
  tx: Transaction,
  principal: Principal,
  users: Users,
  key: Key,
  owner: User | null,
  { user: wanted, createMissing, enableDisabled, dryRun }: ResolveInvalidUserInput,
): Promise<{ user: User; step: ResolveStep }> {
  const names = wanted?.id ?? wanted?.externalId ?? wanted?.email;
  const present = owner && owner.status !== "DELETED" ? owner.id : null;
  const id = wanted && names !== undefined ? await findWanted(users, key.tenantId, wanted) : present;
  const name = "VERIFY";
  const is = dryRun ? "would be" : "is";
  if (id === null) {
    if (!wanted?.email || !createMissing) throw nobody(wanted, owner, createMissing);
    const { id: _, ...details } = { ...wanted, name: wanted.name ?? wanted.email };
    const user = await users.create(principal, { tenantId: key.tenantId, ...details });
    const changes = changesBetween(null, shownOf(user), ["id", ...detailFields]);
    const detail = `There is no such user: ${user.name} <${user.email}> ${is} created.`;
    return { user, step: { name, outcome: "DONE", mutation: "createUser", detail, changes } };
  }
  const user = await users.lock(tx, principal, id);
  if (user.tenantId !== key.tenantId) throw new NotFoundError("user");
  const who = `${user.name} <${user.email}> (${user.id})`;
  if (user.status === "ACTIVE") {
    const detail = `${who} exists and is active.`;
    return { user, step: { name, outcome: "NOT_NEEDED", mutation: null, detail, changes: [] } };
  }
  if (user.status === "DELETED" || !enableDisabled) {
    throw new ConflictError(
      user.status === "DELETED"
        ? `${who} was deleted, which is final. Name another user, or give details of one to create.`
        : `${who} is disabled. Give enableDisabled: true to enable this user, or name another one.`,
    );
  }
  const enabled = await users.enable(principal, { id: user.id, reason: "the user of a key was resolved" });
  const changes = changesBetween(user, enabled, ["status"]);
  return {
    user: enabled,
    step: { name, outcome: "DONE", mutation: "enableUser", detail: `${who} ${is} enabled.`, changes },
  };
}

/** What is said where the right user is not found, and is not to be created. */
function nobody(wanted: ResolveInvalidUserInput["user"], owner: User | null, createMissing: boolean): KeyplaneError {
  if (wanted?.email !== undefined) return new NotFoundError("user", "e-mail address");
  if (wanted?.externalId !== undefined) {
    const advice = createMissing ? "Give an email, too, and the user is created; or check the external id." : undefined;
    return new NotFoundError("user", "external id", advice);
  }
  return new ConflictError(
    `${owner ? "The owner of the key was deleted" : "The key has no owner"}. Say in user who it is to belong to: by id, externalId or email.`,
  );
}

/** Who is meant: by id, by your own system's id, or by e-mail address; null when there is nobody. */
async function findWanted(
  users: Users,
  tenantId: string,
  { id, externalId, email }: NonNullable<ResolveInvalidUserInput["user"]>,
): Promise<string | null> {
  if (id !== undefined) return id;
  const known = externalId === undefined ? null : await users.findIdBy(tenantId, { externalId: externalId.trim() });
  return known ?? (email === undefined ? null : users.findIdBy(tenantId, { email: email.trim().toLowerCase() }));
}

/** Step 3. */
async function bringUpToDate(
  principal: Principal,
  users: Users,
  before: User,
  { user: wanted, dryRun }: ResolveInvalidUserInput,
): Promise<{ user: User; step: ResolveStep }> {
  const { id: _, ...details }: Partial<NonNullable<typeof wanted>> = wanted ?? {};
  const { email, name, externalId, role, customRoleId, allowedIps, deniedIps } = details;
  const given = Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
  // Asked of the service only where something may differ: who changes nothing needs no permission for it.
  const isSame =
    (email === undefined || email.trim().toLowerCase() === before.email) &&
    (name === undefined || name.trim().normalize() === before.name) &&
    (externalId === undefined || externalId.trim() === before.externalId) &&
    (role === undefined || role === before.role) &&
    (customRoleId === undefined || customRoleId === before.customRoleId) &&
    (allowedIps === undefined || isDeepStrictEqual(allowedIps, before.allowedIps)) &&
    (deniedIps === undefined || isDeepStrictEqual(deniedIps, before.deniedIps));
  const user = isSame ? before : await users.update(principal, { id: before.id, ...given });
  const changes = changesBetween(shownOf(before), shownOf(user), detailFields);
  const fields = changes.map(({ field }) => field).join(", ");
  const detail =
    changes.length === 0 ? "The details are up to date." : `${dryRun ? "Would change" : "Changed"}: ${fields}.`;
  const outcome = changes.length === 0 ? "NOT_NEEDED" : "DONE";
  return {
    user,
    step: { name: "UPDATE", outcome, mutation: changes.length === 0 ? null : "updateUser", detail, changes },
  };
}
