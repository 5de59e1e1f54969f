import { roles } from "@keyplane/schema";
import type { ResolveInvalidUserResult } from "../../change-results.js";
import { unwrap } from "../../client/results.js";
import { command } from "../command.js";
import { choice, flag, listOrNone, text, yes } from "../options.js";
import type { Printer } from "../output/printer.js";
import type { Column } from "../output/table.js";
import { safe } from "../output/text.js";
import { agreed, orNone } from "./find.js";
import { callCost, calledApi, callOptions, keyOptions, piped, presentedKey } from "./presented-key.js";
import { verdictLines } from "./verdict-lines.js";

type Resolution = Extract<ResolveInvalidUserResult, { readonly __typename: "ResolveInvalidUserPayload" }>;
type Step = Resolution["steps"][number];

const stepColumns: readonly Column<Step>[] = [
  { head: "STEP", of: ({ name }) => name, isWhole: true },
  { head: "OUTCOME", of: ({ outcome }) => outcome.toLowerCase().replaceAll("_", " "), isWhole: true },
  { head: "WHAT", of: ({ detail }) => detail },
];

export const keyResolution = [
  command({
    path: "keys resolve",
    summary:
      "Mend a key with an invalid user: find or create the right user, reissue the key to them, and test it. All or nothing.",
    details: `${piped}\nOr name it with --id or --start. The right user is found by --user, else by --external-id, else by --email; without them it is the present owner. A key that belongs to that user already keeps its secret without --reissue. The test is a call with --scopes, --environment, --ip, --api and --cost, of which nothing is taken from limits. A new secret alone goes to standard output, this once; the old one stops at once, so it is asked for.\nA key that the test refuses, and a plan that cannot be carried out, are answers: exit code 10.`,
    options: {
      ...keyOptions,
      user: text("id", "The right user's id."),
      email: text("address", "The right user's e-mail address; needed to create the user."),
      externalId: text("id", "Your own id of the right user."),
      name: text("text", "The right user's name."),
      role: choice(roles, "The right user's role. Default of a new one: developer."),
      customRole: text("id", "A custom role of the right user, which decides instead; an empty text takes it away."),
      allowedIps: listOrNone("cidr", "The only addresses that the right user's keys are accepted from."),
      deniedIps: listOrNone("cidr", "Addresses that the right user's keys are never accepted from."),
      existingOnly: flag("Create nobody: it is refused where the right user is not there."),
      enableDisabled: flag("Enable the right user where disabled."),
      reissue: flag("Give the key a new secret also where it belongs to that user already."),
      ...callOptions,
      api: calledApi,
      cost: callCost,
      requireValid: flag("Change nothing where the test is refused: exit code 6."),
      dryRun: flag("Only show the plan; nothing is changed, and nothing asked."),
      ...yes,
    },
    examples: [
      ["keys resolve --id key_… --email ada@acme.example --dry-run", "what would be done"],
      [
        "keys resolve --email ada@acme.example --name Ada --scopes orders:read --yes < key.txt > new-key.txt",
        "the key goes to Ada, who is created where she is not there",
      ],
      ["keys resolve --start kp_live_3fQz --user usr_… --enable-disabled --yes > key.txt", "to one who was disabled"],
    ],
    async run(context, given) {
      const { id, start, user, email, externalId, name, role, customRole, allowedIps, deniedIps, ...rest } = given;
      const { scopes, environment, ip, api, cost, existingOnly, yes: isAgreed, ...switches } = rest;
      const { client, print } = context;
      const keyplane = client();
      if (!switches.dryRun) {
        const question = "Mend the key's user, and refuse its old secret at once where it gets a new one?";
        await agreed(context, isAgreed, `${question} (--dry-run shows the plan.)`);
      }
      const input = {
        ...(await presentedKey(context, { id, start })),
        ...switches,
        user: { id: user, email, externalId, name, role, customRoleId: orNone(customRole), allowedIps, deniedIps },
        createMissing: !existingOnly,
        test: { scopes, environment, ip, api, cost },
      };
      const resolution = unwrap(await keyplane.keys.resolveInvalidUser(input));
      if (print.isJson) print.document(resolution);
      else if (print.isQuiet) print.line(resolution.secret ?? resolution.key.id);
      else tell(print, resolution);
      return resolution.verdict?.valid ? undefined : "refused";
    },
  }),
];

/** What was done, or would be: the result itself, unless there is a secret, which is the result alone then. */
function tell(print: Printer, { dryRun, steps, key, secret, verdict }: Resolution): void {
  const changes = steps
    .flatMap((step) => step.changes)
    .map(({ field, before, after }) => `${field} ${was(before)} -> ${was(after)}`);
  // The table is cut to the width of a terminal, and this must not be.
  const blocked = steps.filter(({ outcome }) => outcome === "BLOCKED").map(({ detail }) => `Blocked: ${safe(detail)}`);
  const lines = ["", ...blocked, ...(verdict ? verdictLines(verdict) : [])];
  if (changes.length > 0) lines.push(`Changes: ${safe(changes.join("; "))}`);
  if (secret === null) {
    print.table(steps, stepColumns);
    for (const line of lines) print.line(line);
  } else {
    print.noteTable(steps, stepColumns);
    for (const line of [...lines, ""]) print.note(line);
    print.secret("key", key, secret);
  }
  if (dryRun) print.note("This is the plan: nothing was changed.");
}

function was(value: string | null): string {
  return value ?? "none";
}
