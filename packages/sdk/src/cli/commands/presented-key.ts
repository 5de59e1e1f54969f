import { environments } from "@keyplane/schema";
import type { Context } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { choice, list, text, whole } from "../options.js";

/** The call that a key is examined for. */
export const callOptions = {
  scopes: list("scope", "What the call needs."),
  environment: choice(environments, "The environment that the call is of."),
  ip: text("address", "From where the call comes."),
} as const;

export const calledApi = text("slug|id", "Which API is called: slug, id or slug@version.");
export const callCost = whole("number", "What the call costs of rate limits and quotas. Default: 1.", 0, 1_000_000);

/** What names a key whose text is not at hand. */
export const keyOptions = {
  id: text("id", "The key's id, instead of its text."),
  start: text("start", "The visible start of the key, such as kp_live_3fQz, instead of its text."),
} as const;

/** How a command gets a key's text. */
export const piped = "The key is read from standard input, or asked for unseen; never pass it as an argument.";

/** The key that is meant: as it was named, else its text. @throws UsageError, InterruptedError */
export async function presentedKey(
  { terminal }: Context,
  { id, start }: { readonly id: string | undefined; readonly start: string | undefined },
) {
  if (id !== undefined && start !== undefined) throw new UsageError("Give --id or --start, not both.");
  return id === undefined && start === undefined ? { key: await terminal.secret("Key") } : { keyId: id, start };
}
