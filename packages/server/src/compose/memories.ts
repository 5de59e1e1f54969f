import type { ApiAccess } from "../modules/apis/index.js";
import { type CompareMemory, comparisonOf } from "../modules/integrity/index.js";
import type { VerificationIndex } from "../modules/keys/index.js";
import type { Tenancy } from "./tenancy.js";

/**
 * Everything that verification decides by and that is remembered, each as an integrity check compares it with the store. What somebody
 * remembers besides is added here.
 */
export function createComparisons(
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
