import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createTransport } from "nodemailer";
import type { Logger } from "../../platform/logger.js";
import type { MailMessage } from "./mail.message.js";

/** Hands one mail over. Rejects when that did not succeed; it may be tried again. */
export interface MailTransport {
  deliver(id: string, message: MailMessage): Promise<void>;
  close(): void;
}

/** How long an SMTP server may take for each step, in milliseconds. */
const smtpLimits = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, dnsTimeout: 10_000 };
/** How many mails the outbox on disk keeps. */
const maxFiles = 1_000;

// Whatever a text may look like, it is never read from a file or fetched from an address.
const noAccess = { disableFileAccess: true, disableUrlAccess: true };

/** By SMTP. @param url `smtp://` or `smtps://`, with user and password. */
export function createSmtpTransport(url: string, from: string): MailTransport {
  const transport = createTransport({ url, pool: true, maxConnections: 2, ...smtpLimits, ...noAccess });
  return {
    async deliver(id, message) {
      await transport.sendMail(toMail(id, message, from));
    },
    close: () => transport.close(),
  };
}

/**
 * For development: each mail becomes a file, readable to its owner only. The log says where it is, to whom it went and what it
 * is about, and not what stands in it: a link that sets a password must not travel wherever logs go.
 */
export function createFileTransport(dataDir: string, from: string, logger: Logger): MailTransport {
  const transport = createTransport({ streamTransport: true, buffer: true, ...noAccess });
  const folder = resolve(dataDir, "mail");
  return {
    async deliver(id, message) {
      const bytes = await readable(message, (text) => transport.sendMail(toMail(id, { ...message, text }, from)));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = join(folder, `${new Date().toISOString().replaceAll(/[:.]/g, "-")}-${id}.eml`);
      await writeFile(file, bytes, { mode: 0o600 });
      await removeOldest(folder);
      logger.info(
        { file, to: message.to.address, subject: message.subject },
        "a mail was written to a file, because KEYPLANE_SMTP_URL is not set",
      );
    },
    close: () => transport.close(),
  };
}

/**
 * The mail as 8bit: quoted-printable would break the link's line, and nobody could copy it out of the file. Its lines stay below
 * the 998 bytes of RFC 5322.
 */
async function readable(
  { text }: MailMessage,
  compose: (placeholder: string) => Promise<{ readonly message: unknown }>,
): Promise<string> {
  const composed = String((await compose("-")).message);
  const headers = composed.slice(0, composed.indexOf("\r\n\r\n"));
  const encoded = headers.replace(/^(content-transfer-encoding:) 7bit$/im, "$1 8bit");
  return `${encoded}\r\n\r\n${text.replaceAll(/\r?\n/g, "\r\n")}`;
}

function toMail(id: string, { to, subject, text }: MailMessage, from: string) {
  // Objects, not texts with commas and brackets that somebody could have put into a name. nodemailer encodes what no header may
  // hold; line breaks are taken out here as well, so that one fault does not make two headers of one.
  return {
    from: oneLine(from),
    to: { name: oneLine(to.name), address: oneLine(to.address) },
    subject: oneLine(subject),
    text,
    // The same for a mail that is sent twice after a crash, so that a mailbox can show it once.
    messageId: `<${id}@keyplane>`,
    headers: { "Auto-Submitted": "auto-generated" },
    ...noAccess,
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

/** Names begin with the time, so that their order is that of their age. */
async function removeOldest(folder: string): Promise<void> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".eml")).sort();
  for (const name of files.slice(0, Math.max(0, files.length - maxFiles)))
    await rm(join(folder, name), { force: true });
}
