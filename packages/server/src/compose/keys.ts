import { KeyGuesses } from "@keyplane/schema";
import type { Settings } from "../env.js";
import { ApiAccess, createApiGrantReads, createApiGrants, createApiReads, createApis } from "../modules/apis/index.js";
import type { Events } from "../modules/events/index.js";
import { type CompareMemory, createIntegrity } from "../modules/integrity/index.js";
import {
  createActivations,
  createKeyReads,
  createKeySeal,
  createKeySecrets,
  createKeys,
  createVerificationRecords,
  createVerify,
  findKeyIdsOfTeams,
  planRotation,
  scheduleExpiry,
  VerificationIndex,
} from "../modules/keys/index.js";
import { openLimiting } from "../modules/limits/index.js";
import { createRecordUsage, createUsage, usedKeyIds } from "../modules/usage/index.js";
import type { Users } from "../modules/users/index.js";
import { requireSecretReceiver } from "../modules/webhooks/index.js";
import { GuessLimiter } from "../platform/guess-limiter.js";
import type { Base } from "./base.js";
import { createVerificationComparisons } from "./memories.js";
import type { Tenancy } from "./tenancy.js";

/** Keys, what verifies them, and what is counted of their use. */
export type Keys = Awaited<ReturnType<typeof createKeysAndUsage>>;

/** @param memories what an integrity check compares with the store besides that of verification. */
export async function createKeysAndUsage(
  settings: Settings,
  base: Base,
  tenancy: Tenancy,
  memories: readonly CompareMemory[],
) {
  const { audit, clock, database, events, idempotency, logger, recording, redisPatienceMs } = base;
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
  const seal = createKeySeal(base.encryptionKey);
  const keys = createKeys({
    audit,
    clock,
    events,
    teams,
    tenants,
    users,
    seal,
    expiryReminders,
    requireSecretReceiver,
  });
  const activations = createActivations({ clock, events, keys, logger });
  const apis = createApis({ audit, clock, events, idempotency, tenants });
  const apiAccess = new ApiAccess({ database, max: settings.maxCachedKeys });
  events.subscribe(apiAccess);
  /** As `usersWith`. */
  const keySecretsWith = (within: Events, by: Users) =>
    createKeySecrets({
      audit,
      clock,
      events: within,
      expiryReminders,
      idempotency,
      keys,
      requireSecretReceiver,
      seal,
      teams,
      tenants,
      users: by,
    });
  const limiting = await openLimiting({
    audit,
    clock,
    database,
    events,
    idempotency,
    locks: { tenant: tenants.lock, user: users.lock, key: keys.lock, api: apis.lock },
    logger,
    dataDir: settings.dataDir,
    maxCounted: settings.maxCachedKeys,
    redis:
      settings.redisUrl === null
        ? null
        : { url: settings.redisUrl, without: settings.withoutRedis, patienceMs: redisPatienceMs },
  });
  return {
    activations,
    index,
    limiting,
    keyGuesses,
    addressGuesses,
    apiGrantReads: createApiGrantReads({ database }),
    apiGrants: createApiGrants({ audit, clock, events, idempotency, apis, lockKey: keys.lock }),
    apiReads: createApiReads({ database }),
    apis,
    integrity: createIntegrity({
      audit,
      clock,
      database,
      events,
      logger,
      memories: [...createVerificationComparisons(tenancy, index, apiAccess), ...memories],
      catchUp: () => base.relay.catchUp(),
      seal,
      everyMs: settings.integrityMs,
      maxQuarantined: settings.maxQuarantinedKeys,
      planExpiry: (tx, key) => scheduleExpiry(tx, key, expiryReminders, clock.now()),
      planRotation: (tx, keyId) => planRotation(tx, keyId, new Date(clock.now())),
      usedKeyIds: (tenantId) => usedKeyIds(recording, tenantId, clock.now()),
    }),
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
      tenantExists: tenancy.tenantExists,
    }),
    verificationRecords: createVerificationRecords({ database, clock }),
    verify: createVerify({
      index,
      clock,
      guesses: keyGuesses,
      addressGuesses,
      take: limiting.take,
      written: limiting.written,
      apiAccess,
      onFirstUse: (keyId, hash) => activations.saw(keyId, hash),
      record: settings.recordVerifications ? (event) => recording.record(event) : null,
    }),
  };
}
