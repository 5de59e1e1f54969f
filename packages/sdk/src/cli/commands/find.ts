import { permissions } from "@keyplane/schema";
import type { Permission } from "../../_generated/schema-types.js";
import { errorFor } from "../../client/error-for.js";
import type { KeyplaneError } from "../../client/errors.js";
import type { Keyplane } from "../../client/keyplane.js";
import type { Context } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { list, orWord, text } from "../options.js";

/** Which tenant is meant. */
export const whose = {
  tenant: text("id|slug", "Which tenant. Default: yours, if you belong to one."),
} as const;

/** From where keys are accepted, of whatever has such lists; see {@link orEmpty}. @param keys such as "its keys are". */
export function addressLists(keys: string) {
  return {
    allowedIps: orWord("any", list("cidr", `The only addresses that ${keys} accepted from.`)),
    deniedIps: orWord("none", list("cidr", `Addresses that ${keys} never accepted from.`)),
  } as const;
}

/** As the schema calls them: `keys:read` is KEYS_READ. */
export const permissionNames = Object.keys(permissions).map((name) =>
  name.toUpperCase().replace(":", "_"),
) as Permission[];

/** The id of a tenant that was named by its id or its slug; undefined when none was named. @throws KeyplaneError */
export function tenantIdOf(client: Keyplane, named: string): Promise<string>;
export function tenantIdOf(client: Keyplane, named: string | undefined): Promise<string | undefined>;
export async function tenantIdOf(client: Keyplane, named: string | undefined): Promise<string | undefined> {
  if (named === undefined || named.startsWith("ten_")) return named;
  for await (const tenant of client.tenants.list({ filter: { search: named } }))
    if (tenant.slug === named) return tenant.id;
  throw notFound("tenant", named);
}

/** As {@link tenantIdOf}, where there has to be one. @throws UsageError for a caller of the whole installation who names none. */
export async function requiredTenantId(client: Keyplane, named: string | undefined): Promise<string> {
  const id = (await tenantIdOf(client, named)) ?? (await client.viewer()).tenantId;
  if (id === null || id === undefined) throw new UsageError("Say which tenant: --tenant <id|slug>.");
  return id;
}

/** The id of a user who was named by the id or the e-mail address. @throws KeyplaneError */
export async function userIdOf(client: Keyplane, tenantId: string | undefined, named: string): Promise<string> {
  if (!named.includes("@")) return named;
  for await (const user of client.users.list({ tenantId, filter: { search: named } })) {
    if (user.email.toLowerCase() === named.toLowerCase()) return user.id;
  }
  throw notFound("user", named);
}

/** What limits stand on, as a command's argument and option name it. */
export const limited = {
  argument: {
    name: "target",
    description: "Whose: the id of a key or an API, a user's id or e-mail address, or a tenant's id or slug.",
  },
  options: {
    tenant: text("id|slug", "Whose user an e-mail address means. Default: your tenant, if you belong to one."),
  },
} as const;

/** The id of what limits stand on. A text that is neither an id nor an e-mail address is a tenant's slug. @throws KeyplaneError */
export async function limitedIdOf(client: Keyplane, tenant: string | undefined, named: string): Promise<string> {
  if (named.includes("@")) return userIdOf(client, await tenantIdOf(client, tenant), named);
  return named.includes("_") ? named : tenantIdOf(client, named);
}

/** What `show` found. @throws KeyplaneError when it is nothing. */
export function found<Thing>(thing: Thing | null, what: string, id: string): Thing {
  if (thing === null) throw notFound(what, id);
  return thing;
}

/** What an option sets: nothing when it was left out, null for an empty text, which takes away what was set. */
export function orNone(given: string | undefined): string | null | undefined {
  return given === "" ? null : given;
}

/** What an option for a list sets: nothing at all where it is null. */
export function orEmpty(given: readonly string[] | null | undefined): readonly string[] | undefined {
  return given === null ? [] : given;
}

function notFound(what: string, named: string): KeyplaneError {
  return errorFor(`No ${what} ${JSON.stringify(named)} is visible to you.`, { code: "NOT_FOUND" });
}

/** Asks before something is taken away. @throws UsageError when nobody can be asked; a no ends with nothing done. */
export async function agreed({ terminal }: Context, isAgreed: boolean, question: string): Promise<void> {
  if (isAgreed) return;
  if (!terminal.isInteractive) throw new UsageError(`${question} Nobody can be asked here: say it with --yes.`);
  if (!(await terminal.confirm(question))) throw new UsageError("Nothing was done.");
}
