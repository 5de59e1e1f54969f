import { KeyGuesses } from "@keyplane/schema";
import type { Settings } from "../env.js";
import type { Events } from "../modules/events/index.js";
import {
  createActivations,
  createKeyReads,
  createKeySecrets,
  createKeys,
  createVerificationRecords,
  createVerify,
  findKeyIdsOfTeams,
  VerificationIndex,
} from "../modules/keys/index.js";
import { createRecordUsage, createUsage } from "../modules/usage/index.js";
import type { Users } from "../modules/users/index.js";
import { GuessLimiter } from "../platform/guess-limiter.js";
import type { Base } from "./base.js";
import type { Tenancy } from "./tenancy.js";

/** Keys, what verifies them, and what is counted of their use. */
export type Keys = ReturnType<typeof createKeysAndUsage>;

export function createKeysAndUsage(settings: Settings, base: Base, tenancy: Tenancy) {
  const { audit, clock, database, events, idempotency, logger, recording } = base;
  const { tenantStates, userStates, roleStates, teamStates, teams, tenants, users } = tenancy;
  const { expiryReminders } = settings;

  const index = new VerificationIndex({
    database,
    clock,
    owners: userStates,
    tenants: tenantStates,
    roles: roleStates,
    teams: teamStates,
    maxKeys: settings.maxCachedKeys,
  });
  events.subscribe(index);

  const keyGuesses = new GuessLimiter({
    clock,
    attempts: settings.unknownKeysPerMinute,
    windowMs: 60_000,
    refusal: "Too many unknown keys were verified with this management token, and this one is not in memory.",
  });
  const addressGuesses = new KeyGuesses({ perMinute: settings.unknownKeysPerAddress });
  const keys = createKeys({ audit, clock, events, teams, tenants, users, expiryReminders });
  const activations = createActivations({ clock, events, keys, logger });
  /** As `usersWith`. */
  const keySecretsWith = (within: Events, by: Users) =>
    createKeySecrets({ audit, clock, events: within, expiryReminders, idempotency, keys, teams, tenants, users: by });
  return {
    activations,
    index,
    keyGuesses,
    addressGuesses,
    keyReads: createKeyReads({ database, clock }),
    keySecrets: keySecretsWith(events, users),
    keySecretsWith,
    keys,
    recordUsage: createRecordUsage({
      clock,
      findKeyOwners: (ids, isVisible) => index.ownersOf(ids, isVisible),
      findTenants: (ids) => tenantStates.existing(ids),
      recordAll: (reported) => recording.recordAll(reported),
    }),
    usage: createUsage({
      recording,
      clock,
      findKeyIdsOfTeams: (...asked) => findKeyIdsOfTeams(database.prisma, ...asked),
      tenantExists: async (id) => (await tenantStates.existing(new Set([id]))).has(id),
    }),
    verificationRecords: createVerificationRecords({ database, clock }),
    verify: createVerify({
      index,
      clock,
      guesses: keyGuesses,
      addressGuesses,
      onFirstUse: (keyId, hash) => activations.saw(keyId, hash),
      record: settings.recordVerifications ? (event) => recording.record(event) : null,
    }),
  };
}
