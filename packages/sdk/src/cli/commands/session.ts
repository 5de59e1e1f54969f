import { ConnectionError, KeyplaneError } from "../../client/errors.js";
import { Keyplane } from "../../client/keyplane.js";
import { unwrap } from "../../client/results.js";
import { signIn } from "../../credentials/sign-in.js";
import { type Context, command } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { flag, text } from "../options.js";
import type { StoredSession } from "../session/session-store.js";

const noToken = "KEYPLANE_TOKEN is set and wins over every session. Unset it to work with sessions.";

export const sessionCommands = [
  command({
    path: "sign-in",
    summary: "Sign in with an e-mail address and a password, and stay signed in.",
    details:
      "The password is asked for unseen, or read from standard input. The session is kept in a file that only you may read, one for each server, and is refreshed by itself.",
    options: {
      email: text("address", "Your e-mail address. Default: it is asked for."),
      tenant: text("id|slug", "Your tenant, where your address is used in several."),
      passwordStdin: flag("Read the password from standard input."),
    },
    examples: [
      ["sign-in --url https://keyplane.example.com --email ada@acme.example", "asks for the password"],
      ["sign-in --email ci@acme.example --password-stdin < password.txt", "for scripts; a token suits them better"],
    ],
    async run(context, { email: given, tenant, passwordStdin }) {
      const { url, sessions, terminal, print, hasToken } = context;
      const email = given ?? (await terminal.line("E-mail address", "Say who you are: --email <address>."));
      if (!passwordStdin && !terminal.isInteractive) {
        throw new UsageError("Nobody can be asked for the password here: pipe it, and say --password-stdin.");
      }
      const password = passwordStdin ? await terminal.piped("Password") : await terminal.secret("Password");
      if (password === "") throw new UsageError("No password was given.");
      const session = { ...unwrap(await signIn({ url, email, password, tenant })), email };
      const { accessToken, accessTokenExpiresAt, refreshToken, refreshTokenExpiresAt } = session;
      const stored = { email, accessToken, accessTokenExpiresAt, refreshToken, refreshTokenExpiresAt };
      const before = await sessions.exclusively(async () => {
        const old = sessions.find(url);
        sessions.save(url, stored, true);
        return old;
      });
      if (before) await end(context, before);
      print.note(`Signed in at ${url} as ${email}.`);
      if (hasToken) print.note(noToken);
      if (print.isJson) print.document({ url, email, expiresAt: refreshTokenExpiresAt });
    },
  }),
  command({
    path: "sign-out",
    summary: "End the session here, and at the server.",
    examples: [["sign-out", "at the server where you signed in last"]],
    async run(context) {
      const { url, sessions, print } = context;
      const session = await sessions.exclusively(async () => {
        const found = sessions.find(url);
        if (found) sessions.remove(url);
        return found;
      });
      if (!session) return print.note(`Nobody was signed in at ${url}.`);
      const isEnded = await end(context, session);
      print.note(
        isEnded ? `Signed out at ${url}.` : `Signed out here. ${url} could not be told: the session ends by itself.`,
      );
    },
  }),
  command({
    path: "whoami",
    summary: "Say who you are to the server, and what you may do.",
    examples: [["whoami", "whom the token or the session stands for"]],
    async run({ client, url, print }) {
      const viewer = await client().viewer();
      print.thing({ ...viewer, url });
    },
  }),
];

/** Ends a session that is in no file any more. @returns whether the server has done so. */
async function end({ url }: Context, session: StoredSession): Promise<boolean> {
  const credentials = { session: { ...session, onRefresh: () => undefined } };
  const keyplane = new Keyplane({ url, credentials, maxRetries: 1, timeoutMs: 5_000 });
  try {
    await keyplane.request("mutation SignOut { signOut { __typename } }");
    return true;
  } catch (error) {
    // It had ended already, which is what was wanted.
    if (error instanceof KeyplaneError && error.code === "UNAUTHENTICATED") return true;
    if (error instanceof ConnectionError || error instanceof KeyplaneError) return false;
    throw error;
  }
}
