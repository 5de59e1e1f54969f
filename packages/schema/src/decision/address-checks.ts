import { type CallerAddress, isCidrOrAddress, isWithin, readCallerAddress } from "./cidr.js";
import { refuse } from "./refusal.js";
import type { AddressRules, Decision, DecisionRequest, KeyRecord } from "./types.js";

/** Whose lists an address must pass: whose they are in a sentence, and the mutation that changes them. */
const levels = {
  key: { whose: "the key's", bound: "The key", mutation: "updateKey" },
  owner: { whose: "the key owner's", bound: "The owner of the key", mutation: "updateUser" },
  tenant: { whose: "the tenant's", bound: "The tenant of the key", mutation: "updateTenant" },
} as const;

/** Whose address lists are meant. */
export type AddressLevel = keyof typeof levels;

/**
 * IP_NOT_ALLOWED. The lists of key, owner and tenant all count: each must allow the address, and whichever denies it refuses it. A deny list
 * wins over the allow list; where a list exists, an unknown address is refused: nobody can say it is fine.
 */
export function checkAddress({ key, owner, tenant }: KeyRecord, { ip }: DecisionRequest): Decision | null {
  // Nearly all keys have none of them.
  if (!isBound(key) && !isBound(owner) && !isBound(tenant)) return null;
  const address = ip === undefined ? undefined : readCallerAddress(ip);
  return (
    checkLevel("key", key, address) ?? checkLevel("owner", owner, address) ?? checkLevel("tenant", tenant, address)
  );
}

function isBound(rules: AddressRules | null): boolean {
  return rules !== null && ((rules.allowedIps?.length ?? 0) > 0 || (rules.deniedIps?.length ?? 0) > 0);
}

/**
 * Whether the lists of one level let an address in.
 *
 * @param address null: what was passed is none; undefined: nothing was passed.
 */
function checkLevel(
  level: AddressLevel,
  rules: AddressRules | null,
  address: CallerAddress | null | undefined,
): Decision | null {
  if (rules === null || !isBound(rules)) return null;
  const { allowedIps = [], deniedIps = [] } = rules;
  const { whose, bound, mutation } = levels[level];
  if (address === undefined) {
    return refuse(
      "IP_NOT_ALLOWED",
      `${bound} is bound to addresses, but the verifier did not pass the caller's. Pass ip when verifying.`,
    );
  }
  if (address === null) {
    return refuse(
      "IP_NOT_ALLOWED",
      `${bound} is bound to addresses, but what was passed as ip is no IPv4 or IPv6 address. Correct it.`,
    );
  }
  // An entry that cannot be read may have been the one that denies this address.
  if (!deniedIps.every(isCidrOrAddress)) {
    return refuse(
      "IP_NOT_ALLOWED",
      `${capital(whose)} deny list has an entry that is no address range. Correct deniedIps with ${mutation}.`,
    );
  }
  if (isWithin(address, deniedIps)) {
    return refuse(
      "IP_NOT_ALLOWED",
      `The caller's address is on ${whose} deny list. Call from another one, or change deniedIps with ${mutation}.`,
    );
  }
  if (allowedIps.length > 0 && !isWithin(address, allowedIps)) {
    return refuse(
      "IP_NOT_ALLOWED",
      `The caller's address is not on ${whose} allow list. Call from an allowed one, or change allowedIps with ${mutation}.`,
    );
  }
  return null;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
