import { environments, parseKey, verdictCodes } from "@keyplane/schema";
import { PermissionError } from "../../client/errors.js";
import type { Keyplane } from "../../client/keyplane.js";
import type { Key, Tenant, User, Verdict } from "../../entities.js";
import { command } from "../command.js";
import { choice, list, text } from "../options.js";
import { safe, shown } from "../output/text.js";

const asked = {
  scopes: list("scope", "What the call needs."),
  environment: choice(environments, "The environment that the call is of."),
  ip: text("address", "From where the call comes."),
  api: text("slug|id", "Which API is called: slug, id or slug@version."),
};

const piped = "The key is read from standard input, or asked for unseen; never pass it as an argument.";

export const keyChecks = [
  command({
    path: "keys verify",
    summary: "Say whether a key is valid, and if not, exactly why.",
    details: `${piped}\nA refused key is an answer: exit code 10. It counts as a verification in the usage, as every other does.`,
    options: asked,
    examples: [
      ["keys verify --scopes orders:read < key.txt", "whether the key in a file may read orders"],
      ["keys verify --json < key.txt", "the whole verdict, for programs"],
    ],
    async run({ client, terminal, print }, { scopes, environment, ip, api }) {
      const keyplane = client();
      const verdict = await keyplane.keys.verify({ key: await terminal.secret("Key"), scopes, environment, ip, api });
      if (print.isJson) print.document(verdict);
      else if (!print.isQuiet) for (const line of wordsOf(verdict)) print.line(line);
      return verdict.valid ? undefined : "refused";
    },
  }),
  command({
    path: "keys diagnose",
    summary: "Find out what is wrong with a key, its owner and its tenant, and what mends it.",
    details: `${piped}\nIt verifies the key, which counts in the usage, and then reads what the verdict is about, as far as you may.`,
    options: asked,
    examples: [["keys diagnose < key.txt", "every check, the reason, and the remedy"]],
    async run({ client, terminal, print }, { scopes, environment, ip, api }) {
      const keyplane = client();
      const presented = await terminal.secret("Key");
      const verdict = await keyplane.keys.verify({ key: presented, scopes, environment, ip, api });
      const parties = await partiesOf(keyplane, verdict);
      const checks = checksOf(presented, verdict, parties);
      const { cause, remedy } = explanationOf(verdict);
      if (print.isJson) print.document({ verdict, checks, cause, remedy, ...parties });
      else {
        print.table(checks, [
          { head: "CHECK", of: ({ check }) => check, isWhole: true },
          { head: "STATE", of: ({ state }) => state, isWhole: true },
          { head: "WHAT IS KNOWN", of: ({ known }) => known },
        ]);
        for (const line of ["", ...wordsOf(verdict), `Cause:   ${cause}`, `Remedy:  ${remedy}`]) print.line(line);
      }
      return verdict.valid ? undefined : "refused";
    },
  }),
];

function wordsOf({ valid, code, message, hint, docsUrl, key, owner, missingScopes }: Verdict): string[] {
  const lines = [`${valid ? "valid" : "refused"}  ${code}  ${safe(message)}`];
  if (hint !== null) lines.push(`Hint:    ${safe(hint)}`);
  if (key) lines.push(`Key:     ${safe(key.name)} (${key.id}), ${safe(key.start)}…`);
  if (owner) lines.push(`Owner:   ${safe(owner.name)} <${safe(owner.email)}> (${owner.id})`);
  if (missingScopes.length > 0) lines.push(`Lacks:   ${shown(missingScopes)}`);
  if (!valid) lines.push(`Read on: ${docsUrl}`);
  return lines;
}

/** What a newer server calls a reason is explained by its own words. */
function explanationOf({ code, message, docsUrl }: Verdict): { readonly cause: string; readonly remedy: string } {
  if (Object.hasOwn(verdictCodes, code)) return verdictCodes[code as keyof typeof verdictCodes];
  return { cause: message, remedy: `See ${docsUrl}` };
}

interface Parties {
  /** null: there is none, or the verdict does not say which. `forbidden`: the caller may not read it. */
  readonly key: Key | "forbidden" | null;
  readonly owner: User | "forbidden" | null;
  readonly tenant: Tenant | "forbidden" | null;
}

/** What the verdict is about, as far as the caller may read it. */
async function partiesOf(keyplane: Keyplane, verdict: Verdict): Promise<Parties> {
  const key = verdict.key ? await ifAllowed(keyplane.keys.get(verdict.key.id)) : null;
  const ownerId = verdict.owner?.id ?? (key !== null && key !== "forbidden" ? key.ownerId : undefined);
  const owner = ownerId === undefined ? null : await ifAllowed(keyplane.users.get(ownerId));
  const tenant = verdict.tenantId === null ? null : await ifAllowed(keyplane.tenants.get(verdict.tenantId));
  return { key, owner, tenant };
}

async function ifAllowed<Thing>(reading: Promise<Thing | null>): Promise<Thing | "forbidden" | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof PermissionError) return "forbidden";
    throw error;
  }
}

interface Check {
  readonly check: string;
  readonly state: string;
  readonly known: string;
}

/** What is known of each thing that a verification looks at, in the order in which it does. */
function checksOf(presented: string, { code, valid }: Verdict, { key, owner, tenant }: Parties): Check[] {
  const format = parseKey(presented);
  const checks: Check[] = [
    format.ok
      ? { check: "format", state: "ok", known: `${format.start}…, ${format.environment.toLowerCase()}` }
      : { check: "format", state: format.problem, known: format.hint },
    ...stateOf("key", key, (it) => [
      it.name,
      it.expiresAt && `expires ${shown(it.expiresAt)}`,
      it.rotatedAt && `rotated ${shown(it.rotatedAt)}`,
      it.disabledAt && `disabled ${shown(it.disabledAt)}`,
      it.disabledReason,
      it.revokedAt && `revoked ${shown(it.revokedAt)} by ${it.revokedBy ?? "somebody"}`,
      it.revokedReason,
      it.lastUsedAt && `last used ${shown(it.lastUsedAt)}`,
    ]),
    ...stateOf("owner", owner, (it) => [
      `${it.name} <${it.email}>`,
      it.statusReason,
      `since ${shown(it.statusChangedAt)}`,
    ]),
    ...stateOf("tenant", tenant, (it) => [it.slug, it.statusReason, `since ${shown(it.statusChangedAt)}`]),
  ];
  return [
    ...checks,
    { check: "verdict", state: code, known: valid ? "every check passed" : "the first check that failed" },
  ];
}

function stateOf<Thing extends { readonly status: string }>(
  check: string,
  thing: Thing | "forbidden" | null,
  known: (thing: Thing) => readonly (string | null | undefined)[],
): Check[] {
  if (thing === null) return [{ check, state: "unknown", known: "none is known" }];
  if (thing === "forbidden") return [{ check, state: "hidden", known: "you may not read it" }];
  const words = known(thing).filter((each): each is string => typeof each === "string" && each !== "");
  return [{ check, state: thing.status, known: words.join(", ") }];
}
