import type { ApiAccess } from "../modules/apis/index.js";
import { type CompareMemory, comparisonOf } from "../modules/integrity/index.js";
import type { VerificationIndex } from "../modules/keys/index.js";
import type { Access } from "./access.js";
import type { OAuth } from "./oauth.js";
import type { Tenancy } from "./tenancy.js";

/** By what callers are let in, each as an integrity check compares it with the store. What somebody remembers besides is added here. */
export function createCallerComparisons(
  { credentials, sessionCredentials }: Access,
  oauth: OAuth,
): readonly CompareMemory[] {
  return [
    comparisonOf(
      credentials.memory,
      (_, { id }) => `the management token ${id}`,
      ({ tenantId }) => ({ tenantId }),
    ),
    comparisonOf(
      sessionCredentials.memory,
      (id) => `the session ${id}`,
      ({ tenantId, userId }) => ({ tenantId, userId }),
    ),
    comparisonOf(
      oauth.clientStates,
      (id) => `the OAuth client ${id}`,
      ({ tenantId }) => ({ tenantId }),
    ),
    comparisonOf(
      oauth.issuerStates.memory,
      (_, { id }) => `the trusted issuer ${id}`,
      ({ tenantId }) => ({ tenantId }),
    ),
  ];
}

/** Everything that verification decides by and that is remembered, as `createCallerComparisons` has what callers are let in by. */
export function createVerificationComparisons(
  { tenantStates, userStates, roleStates, teamStates }: Tenancy,
  index: VerificationIndex,
  apiAccess: ApiAccess,
): readonly CompareMemory[] {
  const { keyMemory, secretMemory } = index;
  const { apiMemory, grantMemory } = apiAccess;
  return [
    // Before the keys: what counts of these is found by the keys that are remembered.
    comparisonOf(
      secretMemory,
      () => "a secret of the key",
      ({ keyId }) => ({ tenantId: keyMemory.inspect(keyId)?.tenantId ?? null, keyId }),
    ),
    comparisonOf(
      grantMemory,
      () => "the access of the key to APIs",
      ({ id }) => ({ tenantId: keyMemory.inspect(id)?.tenantId ?? null, keyId: id }),
    ),
    comparisonOf(
      keyMemory,
      () => "the key",
      ({ id, tenantId }) => ({ tenantId, keyId: id }),
    ),
    comparisonOf(
      userStates,
      () => "the user",
      ({ id, tenantId }) => ({ tenantId, userId: id }),
    ),
    comparisonOf(
      tenantStates,
      () => "the tenant",
      ({ id }) => ({ tenantId: id }),
    ),
    comparisonOf(
      roleStates,
      (id) => `the role ${id}`,
      ({ tenantId }) => ({ tenantId }),
    ),
    comparisonOf(
      teamStates,
      (id) => `the team ${id}`,
      ({ tenantId }) => ({ tenantId }),
    ),
    comparisonOf(
      apiMemory,
      () => "the APIs of the tenant",
      ({ id }) => ({ tenantId: id }),
    ),
  ];
}
