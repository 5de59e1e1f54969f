import { unwrap } from "../../client/results.js";
import type { IntegrityFinding, IntegrityRun } from "../../entities.js";
import type { Context } from "../command.js";
import { command } from "../command.js";
import { flag, listing, required, text } from "../options.js";
import type { Column } from "../output/table.js";
import { shown } from "../output/text.js";
import { found } from "./find.js";

const runColumns: readonly Column<IntegrityRun>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "STATUS", of: ({ status }) => status, isWhole: true },
  { head: "STARTED", of: ({ startedAt }) => startedAt, isWhole: true },
  { head: "PHASE", of: ({ phase }) => phase },
  {
    head: "EXAMINED",
    of: ({ examined, total }) => (total === null ? shown(examined) : `${shown(examined)} of ${shown(total)}`),
  },
  { head: "FOUND", of: ({ found: count }) => shown(count) },
  { head: "REPAIRED", of: ({ repaired }) => shown(repaired) },
  { head: "QUARANTINED", of: ({ quarantined }) => shown(quarantined) },
];
const findingColumns: readonly Column<IntegrityFinding>[] = [
  { head: "KIND", of: ({ kind }) => kind, isWhole: true },
  { head: "OUTCOME", of: ({ outcome }) => outcome, isWhole: true },
  { head: "KEY", of: ({ keyId }) => keyId, isWhole: true },
  { head: "WHAT", of: ({ detail }) => detail },
];

/** Tells of a check while it goes on, and shows it when it is over. */
async function follow({ client, print, signal }: Context, id: string): Promise<"problem" | undefined> {
  const onInterrupted = (error: Error, pauseMs: number): void =>
    print.note(`${error.message} Again in ${Math.ceil(pauseMs / 1000)} s.`);
  let last: IntegrityRun | undefined;
  for await (const run of client().integrity.follow(id, { signal, onInterrupted })) {
    last = run;
    const { phase, examined, total, found: count } = run;
    print.note(
      `${phase ?? "…"}: ${shown(examined)} of ${total === null ? "?" : shown(total)} keys examined, ${shown(count)} found.`,
    );
  }
  if (last?.status === "RUNNING" || !last) {
    print.note(`The check goes on: keyplane integrity show ${id} --follow`);
    return undefined;
  }
  print.thing(last);
  const left = last.found - last.repaired;
  if (left > 0) print.note(`${shown(left)} of it was not repaired: keyplane integrity findings --run ${id}`);
  return last.status === "FAILED" || left > 0 ? "problem" : undefined;
}

const answers =
  "With --follow it waits for the end. A check that ended early, or found something that it did not repair, is an answer: exit code 11.";

export const integrityCommands = [
  command({
    path: "integrity check",
    summary: "Begin an integrity check of the whole installation.",
    details: answers,
    options: {
      repair: flag("Mend what is safe, and quarantine keys that cannot be trusted."),
      resign: flag("Sign every key anew, after the encryption key was changed on purpose."),
      follow: flag("Wait until it is over, and tell how far it is."),
    },
    examples: [
      ["integrity check", "a check that changes nothing; integrity show tells how far it is"],
      ["integrity check --repair --follow", "one that mends what it can, to its end"],
    ],
    async run(context, { repair, resign, follow: isFollowed }) {
      const { client, print } = context;
      const { integrityRun } = unwrap(await client().integrity.check({ repair, resign }));
      if (isFollowed) return follow(context, integrityRun.id);
      print.thing(integrityRun);
    },
  }),
  command({
    path: "integrity show",
    summary: "Show how far a check is.",
    details: answers,
    argument: { name: "id", description: "The run's id: int_…" },
    options: { follow: flag("Wait until it is over, and tell how far it is.") },
    examples: [["integrity show int_…", "its numbers so far"]],
    async run(context, { follow: isFollowed }, id) {
      if (isFollowed) return follow(context, id);
      context.print.thing(found(await context.client().integrity.run(id), "check", id));
    },
  }),
  command({
    path: "integrity list",
    summary: "List checks, newest first.",
    options: listing,
    examples: [["integrity list --limit 5", "the last five"]],
    async run({ client, print }, part) {
      const { integrity } = client();
      await print.list(
        (pageSize) => integrity.runs({ pageSize }),
        part,
        runColumns,
        ({ id }) => id,
      );
    },
  }),
  command({
    path: "integrity findings",
    summary: "List what checks have found, newest first.",
    options: { run: text("id", "Of this check."), keyId: text("id", "About this key."), ...listing },
    examples: [["integrity findings --run int_…", "what one check has found"]],
    async run({ client, print }, { run, keyId, ...part }) {
      const { integrity } = client();
      await print.list(
        (pageSize) => integrity.findings({ filter: { runId: run, keyId }, pageSize }),
        part,
        findingColumns,
        ({ id }) => id,
      );
    },
  }),
  command({
    path: "keys release",
    summary: "End a quarantine: accept a key as it stands.",
    argument: { name: "id", description: "The key's id: key_…" },
    options: { reason: required(text("text", "Why it can be trusted again.")) },
    examples: [["keys release key_… --reason 'restored from a backup'", "the key is accepted again"]],
    async run({ client, print }, { reason }, id) {
      const { key } = unwrap(await client().keys.release({ id, reason }));
      print.changed(key, `${key.name} (${key.id}) is accepted again.`);
    },
  }),
];
