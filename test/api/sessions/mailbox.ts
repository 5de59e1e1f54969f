import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestServer } from "../../testkit/index.js";

/** A mail as it lies in the development outbox. */
export interface ReadMail {
  readonly file: string;
  readonly headers: string;
  readonly text: string;
}

/** The mails to an address, oldest first. */
export function mailsTo(server: TestServer, address: string): ReadMail[] {
  const folder = join(server.dataDir, "mail");
  return filesIn(folder)
    .sort()
    .map((file) => ({ file, ...split(readFileSync(join(folder, file), "utf8")) }))
    .filter(({ headers }) => headers.includes(address));
}

/** Waits until there are so many mails to an address, and gives the token of the link in the last one. */
export async function tokenFor(server: TestServer, address: string, count = 1): Promise<string> {
  for (;;) {
    const mails = mailsTo(server, address);
    const token = /\/password#(kplink_live_\w+)/.exec(mails.at(-1)?.text ?? "")?.[1];
    if (mails.length >= count && token !== undefined) return token;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((file) => file.endsWith(".eml"));
  } catch {
    return []; // before the first mail
  }
}

function split(mail: string): { headers: string; text: string } {
  const end = mail.indexOf("\r\n\r\n");
  const [headers, body] = [mail.slice(0, end), mail.slice(end + 4)];
  return { headers, text: /quoted-printable/i.test(headers) ? decoded(body) : body };
}

function decoded(body: string): string {
  const bytes = body
    .replaceAll("=\r\n", "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** The token of the link in a mail as it travels. */
export function tokenIn(mail: string): string {
  return /\/password#(kplink_live_\w+)/.exec(split(mail).text)?.[1] ?? "";
}
