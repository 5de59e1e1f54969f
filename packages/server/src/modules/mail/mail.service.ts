import { createId } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { Database, OutgoingMail, Transaction } from "../../platform/database/index.js";
import type { Logger } from "../../platform/logger.js";
import type { SecretBox } from "../../platform/secret-box.js";
import type { MailMessage } from "./mail.message.js";
import { deleteMail, insertMail, postponeMail, takeDueMails } from "./mail.store.js";
import type { MailTransport } from "./transport.js";

/** How many mails are taken at a time. */
const batch = 10;
/** For how long a process that takes a mail has it to itself, in milliseconds. */
const leaseMs = 5 * 60_000;
/** The pause after the first failure, in milliseconds; it doubles up to an hour. */
const firstPauseMs = 10_000;
const longestPauseMs = 60 * 60_000;

export type Mail = ReturnType<typeof createMail>;

/**
 * Sends mail, from an outbox in the database: a mail is kept in the transaction of the change that it tells of, and sent after the
 * commit, as often as it takes. A crash loses none; one that comes after the mail server's yes and before ours sends it twice,
 * with the same Message-ID.
 */
export function createMail(deps: {
  clock: Clock;
  database: Database;
  logger: Logger;
  secretBox: SecretBox;
  transport: MailTransport;
}) {
  const { clock, database, logger, secretBox, transport } = deps;
  let sending: Promise<void> | null = null;
  let isAskedAgain = false;
  let stopped = false;

  async function sendDue(): Promise<void> {
    for (;;) {
      isAskedAgain = false;
      const now = clock.now();
      const mails = await takeDueMails(database.prisma, new Date(now), new Date(now + leaseMs), batch);
      for (const mail of mails) await send(mail);
      if (stopped || (mails.length < batch && !isAskedAgain)) return;
    }
  }

  async function send(mail: OutgoingMail): Promise<void> {
    const text = secretBox.open(mail.sealedMessage, purposeOf(mail.id));
    if (text === null || mail.expiresAt.getTime() <= clock.now()) {
      const why = text === null ? "it was sealed with another encryption key" : "its time is over";
      logger.error({ mailId: mail.id, attempts: mail.attempts }, `a mail was given up: ${why}`);
      return deleteMail(database.prisma, mail.id);
    }
    try {
      await transport.deliver(mail.id, JSON.parse(text) as MailMessage);
    } catch (error) {
      const pauseMs = Math.min(firstPauseMs * 2 ** (mail.attempts - 1), longestPauseMs);
      logger.warn({ err: error, mailId: mail.id, attempts: mail.attempts }, "a mail was not sent; trying again later");
      return postponeMail(database.prisma, mail.id, new Date(clock.now() + pauseMs));
    }
    await deleteMail(database.prisma, mail.id);
  }

  /** Sends what is due, soon and beside whatever the caller does next. */
  function kick(): void {
    if (stopped) return;
    isAskedAgain = true;
    sending ??= sendDue()
      .catch((error: unknown) => logger.warn({ err: error }, "mails could not be sent; trying again in a minute"))
      .finally(() => {
        sending = null;
        // Asked for since it was last looked.
        if (isAskedAgain) kick();
      });
  }

  return {
    /** Keeps a mail in the transaction of its change; call `kick` after it. @param options.keepMs for how long to try. */
    async enqueue(tx: Transaction, message: MailMessage, options: { readonly keepMs: number }): Promise<void> {
      const id = createId("Mail");
      const now = clock.now();
      await insertMail(tx, {
        id,
        sealedMessage: secretBox.seal(JSON.stringify(message), purposeOf(id)),
        createdAt: new Date(now),
        expiresAt: new Date(now + options.keepMs),
        nextAttemptAt: new Date(now),
      });
    },

    kick,

    /** A chore: sends what an earlier attempt could not. */
    async sweep(): Promise<void> {
      kick();
      await sending;
    },

    /** Ends after the mail that is being sent; the others stay in the outbox. */
    async stop(): Promise<void> {
      stopped = true;
      await sending;
      transport.close();
    },
  };
}

function purposeOf(id: string): string {
  return `mail:${id}`;
}
