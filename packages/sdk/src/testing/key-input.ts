import { isCidrOrAddress } from "@keyplane/schema";
import type { MemoryKeyOptions } from "./memory-plane.js";
import { type Issue, refuseIssues } from "./refusal.js";

/**
 * Refuses what the server would refuse of a key that is made or changed: of its rules those that an application meets, with
 * their words. Lengths of lists, odd characters and the depth of metadata are left to a real server.
 *
 * @throws RefusedByPlane
 */
export function checkKeyInput(input: Omit<MemoryKeyOptions, "ownerId" | "environment">, now: number): void {
  const { name, scopes = [], metadata = {}, allowedIps = [], deniedIps = [], expiresAt } = input;
  const issues: Issue[] = [];
  if (name !== undefined) issues.push(...textIssues("name", name, 100));
  for (const [index, scope] of scopes.entries()) {
    const path = ["scopes", String(index)];
    if (scope === "") issues.push({ path, message: "Remove the empty scope." });
    if (scope.length > 128) issues.push({ path, message: "Shorten this scope to at most 128 characters." });
    if (!scopeToken.test(scope)) issues.push({ path, message: scopeAlphabet });
  }
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata))
    issues.push({ path: ["metadata"], message: 'Give a JSON object, e.g. {"plan":"pro"}.' });
  for (const [field, addresses] of Object.entries({ allowedIps, deniedIps })) {
    for (const [index, address] of addresses.entries()) {
      if (!isCidrOrAddress(address)) issues.push({ path: [field, String(index)], message: addressForm });
    }
  }
  refuseIssues(issues);
  if (expiresAt && expiresAt.getTime() <= now) {
    const message = "Give a time in the future; revoke or disable the key to stop it at once.";
    refuseIssues([{ path: ["expiresAt"], message }]);
  }
}

/** @throws RefusedByPlane for a reason that the server would not take. */
export function checkReason(reason: string | null): void {
  if (reason !== null) refuseIssues(textIssues("reason", reason, 500));
}

const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]*$/;
const scopeAlphabet = 'Use printable ASCII without spaces, quotes or backslashes, e.g. "orders:read".';
const addressForm = "Give an address or a range in CIDR notation, e.g. 203.0.113.0/24 or 2001:db8::/32.";

function textIssues(field: string, text: string, most: number): Issue[] {
  const path = [field];
  if (text.trim() === "") return [{ path, message: `Give the ${field}; it cannot be empty.` }];
  const isLong = [...text.trim()].length > most;
  return isLong ? [{ path, message: `Shorten the ${field} to at most ${most} characters.` }] : [];
}
