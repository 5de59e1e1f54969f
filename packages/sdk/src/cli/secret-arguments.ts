import { UsageError } from "./exit-codes.js";

/** Keys and management tokens, which look alike, and signed tokens (JWT). Longer than the start of a key that is shown. */
const secretLike =
  /(?:^|[=:\s"'])(?:bearer\s+)?(?:[a-z0-9]{2,12}_(?:live|test)_[0-9A-Za-z]{12,}|eyJ[\w-]{8,}\.[\w-]*)/i;

/**
 * Refuses a secret among the arguments, before anything repeats one: other users of the machine can see arguments, and shells
 * remember them.
 *
 * @throws UsageError that says how to hand it over; without the secret.
 */
export function refuseSecrets(args: readonly string[]): void {
  const at = args.findIndex((argument) => secretLike.test(argument));
  if (at < 0) return;
  throw new UsageError(
    `Argument ${at + 1} looks like a key or a token. Do not pass secrets as arguments: others on this machine can read them, and ` +
      "your shell keeps them. Pipe it (keyplane keys verify < key.txt), or let keyplane ask for it; a token goes into " +
      "KEYPLANE_TOKEN. Consider this one as seen.",
  );
}
