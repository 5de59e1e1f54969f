import type { Key, KeyFinding, Transaction, User } from "../../../platform/database/index.js";
import type { AuditActor } from "../../audit/index.js";
import type { Mail, MailMessage } from "../../mail/index.js";
import type { Findings, NewFinding } from "./findings.service.js";
import { findOwnerOf } from "./findings.store.js";

/** For how long a mail about a finding is tried, in milliseconds. */
const keepMailMs = 3 * 24 * 60 * 60_000;

/**
 * Raises a finding that the owner of its key is told of by mail, in the same transaction; a disabled or deleted owner is not. Call
 * `mail.kick()` after the commit.
 *
 * @param told.write makes the mail.
 */
export async function raiseAndMail(
  tx: Transaction,
  told: {
    readonly findings: Pick<Findings, "raise">;
    readonly mail: Pick<Mail, "enqueue">;
    readonly write: (owner: User, finding: KeyFinding) => MailMessage;
  },
  actor: AuditActor,
  key: Key,
  finding: NewFinding,
): Promise<KeyFinding> {
  const raised = await told.findings.raise(tx, actor, key, finding);
  const owner = await findOwnerOf(tx, key);
  if (owner?.status === "ACTIVE") await told.mail.enqueue(tx, told.write(owner, raised), { keepMs: keepMailMs });
  return raised;
}
