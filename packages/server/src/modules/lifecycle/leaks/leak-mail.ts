import type { KeyFindingAction } from "@keyplane/schema";
import type { Key, KeyFinding, User } from "../../../platform/database/index.js";
import type { MailMessage } from "../../mail/index.js";
import type { Danger } from "../findings/danger.js";

const done: Readonly<Record<KeyFindingAction, string>> = {
  NONE: "Nothing was done to the key. Rotate it with overlapMs 0 before somebody else uses it.",
  DISABLED:
    "The key was disabled. Rotate it with overlapMs 0, give the new secret to your programs, and enable the key.",
  REVOKED: "The key was revoked for good. Create another one for your programs.",
};

/** Where the secret opens nothing, so that nothing was done. */
const harmless: Readonly<Record<Exclude<Danger, "OPEN">, string>> = {
  DORMANT:
    "The key has expired or is deleted, so the secret opens nothing now. Should you extend or restore the key, rotate it with overlapMs 0 at once.",
  NONE: "This secret does not work any more, so nobody can use it: nothing was done to the key, and you need not rotate it.",
};

/** What the owner of a leaked key is told. Never the secret: mail is read by others, too. */
export function leakMail(owner: User, key: Key, finding: KeyFinding, danger: Danger): MailMessage {
  return {
    to: { address: owner.email, name: owner.name },
    subject: `A secret of your API key ${finding.start ?? key.start}… was found in public`,
    text: [
      `The secret of the API key "${key.name}" (${key.id}), which begins with ${finding.start ?? key.start}, was found where others can read it.`,
      `Found at: ${finding.place ?? "not known"}`,
      danger === "OPEN" ? done[finding.action as KeyFindingAction] : harmless[danger],
      "Whoever has copied the secret keeps it: removing it from that place is not enough.",
    ].join("\n\n"),
  };
}
