import type { Tenant, User } from "../../../platform/database/index.js";
import type { MailMessage } from "../../mail/index.js";

/** The mail with a link by which somebody sets a password. */
export function linkMail(link: {
  readonly user: User;
  readonly tenant: Tenant;
  readonly passwordHash: string | null;
  readonly url: string;
  readonly expiresAt: Date;
}): MailMessage {
  const { user, tenant, passwordHash, url, expiresAt } = link;
  const isFirst = passwordHash === null;
  const until = expiresAt.toISOString().slice(0, 16).replace("T", " ");
  return {
    to: { address: user.email, name: user.name },
    subject: isFirst ? "Set your Keyplane password" : "Set a new Keyplane password",
    text: `Hello ${user.name},

${isFirst ? "you have an account" : "somebody, most likely you, asked for a new password for your account"} at Keyplane, in the tenant ${tenant.name}${tenant.name.endsWith(".") ? "" : "."}
${isFirst ? "Set your password" : "Set a new password"} by this link, once, until ${until} UTC:

${url}

${isFirst ? "If you do not expect this, ignore this mail." : "If that was not you, ignore this mail: your password stays as it is."}
`,
  };
}
