import { environments } from "@keyplane/schema";
import type { KeyDiagnosis, Verdict } from "../../entities.js";
import { command } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { choice, list, text, time } from "../options.js";
import type { Printer } from "../output/printer.js";
import { safe, shown } from "../output/text.js";

const asked = {
  scopes: list("scope", "What the call needs."),
  environment: choice(environments, "The environment that the call is of."),
  ip: text("address", "From where the call comes."),
  api: text("name", "Which API is called, for the usage."),
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
    summary: "Find out which check refuses a key, since when and by whom, and what mends it.",
    details: `${piped}\nOr name it with --id or --start. It changes nothing and leaves no usage; --json has each remedy ready to send.`,
    options: {
      ...asked,
      id: text("id", "The key's id, instead of its text."),
      start: text("start", "The visible start of the key, such as kp_live_3fQz, instead of its text."),
      at: time("A moment of the past: why it was refused then."),
    },
    examples: [
      ["keys diagnose < key.txt", "every check, the reason, and what mends it"],
      ["keys diagnose --start kp_live_3fQz --at 2026-11-21T14:03Z", "why a key was refused then"],
    ],
    async run({ client, terminal, print }, { id, start, at, ...call }) {
      if (id !== undefined && start !== undefined) throw new UsageError("Give --id or --start, not both.");
      const keyplane = client();
      const named = id !== undefined || start !== undefined;
      const which = named ? { keyId: id, start } : { key: await terminal.secret("Key") };
      const diagnosis = await keyplane.keys.diagnose({ ...which, ...call, at });
      if (print.isJson) print.document(diagnosis);
      else tellDiagnosis(print, diagnosis);
      return diagnosis.verdict.valid ? undefined : "refused";
    },
  }),
];

function wordsOf(verdict: Omit<Verdict, "rateLimits" | "quota">): string[] {
  const { valid, code, message, hint, docsUrl, key, owner, missingScopes } = verdict;
  const lines = [`${valid ? "valid" : "refused"}  ${code}  ${safe(message)}`];
  if (hint !== null) lines.push(`Hint:    ${safe(hint)}`);
  if (key) lines.push(`Key:     ${safe(key.name)} (${key.id}), ${safe(key.start)}…`);
  if (owner) lines.push(`Owner:   ${safe(owner.name)} <${safe(owner.email)}> (${owner.id})`);
  if (missingScopes.length > 0) lines.push(`Lacks:   ${shown(missingScopes)}`);
  if (!valid) lines.push(`Read on: ${docsUrl}`);
  return lines;
}

function tellDiagnosis(print: Printer, { at, verdict, verdictNow, checks, findings, remedies }: KeyDiagnosis): void {
  print.table(checks, [
    { head: "CHECK", of: ({ name }) => name, isWhole: true },
    { head: "OUTCOME", of: ({ outcome, wouldFail }) => outcomeOf(outcome, wouldFail), isWhole: true },
    { head: "SINCE", of: ({ since }) => since, isWhole: true },
    { head: "BY", of: ({ by }) => by && safe(by) },
    { head: "WHAT IT SAW", of: ({ evidence }) => evidence && safe(evidence) },
  ]);
  const lines = ["", ...wordsOf(verdict)];
  if (verdictNow) lines.push(`At:      ${shown(at)}; now it is ${verdictNow.code}`);
  for (const { message } of findings) lines.push(`Found:   ${safe(message)}`);
  for (const { title, effect, permittedTo } of remedies) {
    lines.push(`Remedy:  ${safe(title)}. ${safe(effect)}${permittedTo === null ? "" : ` For: ${safe(permittedTo)}`}`);
  }
  for (const line of lines) print.line(line);
}

function outcomeOf(outcome: string, wouldFail: boolean | null): string {
  if (outcome === "NOT_REACHED") return wouldFail === true ? "would fail" : "not reached";
  return outcome.toLowerCase();
}
