import type { Key, KeyFinding, User } from "../../../platform/database/index.js";
import type { MailMessage } from "../../mail/index.js";
import type { SharedEvidence } from "../findings/finding-evidence.js";

/** What the owner of a shared key is told. No addresses: mail is read by others, too. */
export function sharedMail(owner: User, key: Key, evidence: SharedEvidence): MailMessage {
  return {
    to: { address: owner.email, name: owner.name },
    subject: `Your API key ${key.start}… is used from many places`,
    text: [
      `The API key "${key.name}" (${key.id}), which begins with ${key.start}, ${placesInWords(evidence)}.`,
      "If that is more than you expect, somebody else has it: rotate the key with overlapMs 0, and give every program and person a key of their own.",
      "If it is as it should be, ask an administrator to resolve the finding, or to raise the bounds in the tenant's lifecycle policy.",
    ].join("\n\n"),
  };
}

/** For people and events. */
export function placesInWords({ windowHours, addresses, networks, userAgents }: SharedEvidence): string {
  return `was used from ${addresses} addresses in ${networks} networks with ${userAgents} user agents within ${windowHours} hours`;
}

/** The same of a finding SHARED, as the end of a sentence about its key. */
export function sharedWords({ evidence }: KeyFinding): string {
  return placesInWords(evidence as SharedEvidence);
}
