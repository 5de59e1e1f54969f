import type { KeyDiagnosis } from "../../entities.js";
import { command } from "../command.js";
import { text, time } from "../options.js";
import type { Printer } from "../output/printer.js";
import { safe, shown } from "../output/text.js";
import { tenantIdOf, whose } from "./find.js";
import { callCost, calledApi, callOptions, keyOptions, piped, presentedKey } from "./presented-key.js";
import { remedyLines } from "./remedy-lines.js";
import { verdictLines } from "./verdict-lines.js";

const asked = { ...callOptions, api: calledApi, cost: callCost } as const;

export const keyChecks = [
  command({
    path: "keys verify",
    summary: "Say whether a key is valid, and if not, exactly why.",
    details: `${piped}\nA refused key is an answer: exit code 10. It counts as a verification in the usage, and is charged to rate limits and quotas, as every other is.`,
    options: asked,
    examples: [
      ["keys verify --scopes orders:read < key.txt", "whether the key in a file may read orders"],
      ["keys verify --json < key.txt", "the whole verdict, for programs"],
    ],
    async run({ client, terminal, print }, call) {
      const keyplane = client();
      const verdict = await keyplane.keys.verify({ key: await terminal.secret("Key"), ...call });
      if (print.isJson) print.document(verdict);
      else if (!print.isQuiet) for (const line of verdictLines(verdict)) print.line(line);
      return verdict.valid ? undefined : "refused";
    },
  }),
  command({
    path: "keys diagnose",
    summary: "Find out which check refuses a key, since when and by whom, and what mends it.",
    details: `${piped}\nOr name it with --id or --start. It changes nothing and leaves no usage. Each remedy says which command it is; --json has them as mutations ready to send.`,
    options: {
      ...asked,
      ...keyOptions,
      ...whose,
      at: time("A moment of the past: why it was refused then."),
      ownerEmail: text("address", "The owner's e-mail address as your own system holds it, to be compared."),
      ownerName: text("text", "The owner's name, likewise."),
      ownerExternalId: text("id", "Your own id of the owner, likewise."),
    },
    examples: [
      ["keys diagnose < key.txt", "every check, the reason, and what mends it"],
      ["keys diagnose --start kp_live_3fQz --at 2026-11-21T14:03Z", "why a key was refused then"],
      ["keys diagnose --id key_… --owner-external-id 42", "whether its owner is still the one that you know"],
    ],
    async run(context, { id, start, tenant, ownerEmail, ownerName, ownerExternalId, ...call }) {
      const { client, print } = context;
      const keyplane = client();
      const owner = { email: ownerEmail, name: ownerName, externalId: ownerExternalId };
      const diagnosis = await keyplane.keys.diagnose({
        ...(await presentedKey(context, { id, start })),
        ...call,
        tenantId: await tenantIdOf(keyplane, tenant),
        owner,
      });
      if (print.isJson) print.document(diagnosis);
      else tellDiagnosis(print, diagnosis);
      return diagnosis.verdict.valid ? undefined : "refused";
    },
  }),
];

function tellDiagnosis(
  print: Printer,
  { at, verdict, verdictNow, checks, findings, refusedCalls, remedies }: KeyDiagnosis,
): void {
  print.table(checks, [
    { head: "CHECK", of: ({ name }) => name, isWhole: true },
    { head: "OUTCOME", of: ({ outcome, wouldFail }) => outcomeOf(outcome, wouldFail), isWhole: true },
    { head: "SINCE", of: ({ since }) => since, isWhole: true },
    { head: "BY", of: ({ by }) => by && safe(by) },
    { head: "WHAT IT SAW", of: ({ evidence }) => evidence && safe(evidence) },
  ]);
  const lines = ["", ...verdictLines(verdict)];
  if (verdictNow) lines.push(`At:      ${shown(at)}; now it is ${verdictNow.code}`);
  for (const { message, keyId } of findings)
    lines.push(`Found:   ${safe(message)}${keyId === null ? "" : ` (${keyId})`}`);
  for (const line of lines) print.line(line);
  if (refusedCalls && refusedCalls.length > 0) {
    print.line("");
    print.table(refusedCalls, [
      { head: "REFUSED AT", of: ({ at: when }) => shown(when), isWhole: true },
      { head: "CODE", of: ({ code }) => code, isWhole: true },
      {
        head: "MATCHED BY",
        of: ({ matchedBy }) => matchedBy.map((each) => each.toLowerCase()).join(","),
        isWhole: true,
      },
      { head: "ADDRESS", of: ({ ip }) => ip },
      { head: "API", of: ({ api }) => api && safe(api) },
      { head: "START", of: ({ start }) => start },
      { head: "USER AGENT", of: ({ userAgent }) => userAgent && safe(userAgent) },
    ]);
  }
  for (const [index, remedy] of remedies.entries()) {
    print.line("");
    for (const line of remedyLines(remedy, index + 1)) print.line(line);
  }
}

function outcomeOf(outcome: string, wouldFail: boolean | null): string {
  if (outcome === "NOT_REACHED") return wouldFail === true ? "would fail" : "not reached";
  return outcome.toLowerCase();
}
