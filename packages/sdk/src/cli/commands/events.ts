import { keyEventTypes } from "@keyplane/schema";
import type { KeyEventType } from "../../_generated/schema-types.js";
import type { KeyEvent } from "../../entities.js";
import { command } from "../command.js";
import { choices, list, listing, text } from "../options.js";
import { type Column, createTable } from "../output/table.js";
import { tenantIdOf, whose } from "./find.js";

const columns: readonly Column<KeyEvent>[] = [
  { head: "WHEN", of: ({ occurredAt }) => occurredAt, isWhole: true },
  { head: "WHAT", of: ({ type }) => type, isWhole: true },
  { head: "KEY, USER OR TENANT", of: ({ keyId, userId, tenantId }) => keyId ?? userId ?? tenantId, isWhole: true },
  { head: "WHY", of: ({ reason }) => reason },
  { head: "CURSOR", of: ({ cursor }) => cursor, isWhole: true },
];
const which = {
  ...whose,
  types: choices("type", Object.keys(keyEventTypes) as KeyEventType[], "Only these."),
  keys: list("id", "Only what happens to these keys."),
};
/** For aligned columns before the first event has come. */
const usual = {
  occurredAt: "2026-01-01T00:00:00.000Z",
  type: "TENANT_SUSPENDED",
  keyId: "key_0123456789012345678901",
  reason: "as long as reasons usually are",
  cursor: "1234567890123456",
} as unknown as KeyEvent;

export const eventCommands = [
  command({
    path: "events list",
    summary: "List events, oldest first, for as long as the server keeps them.",
    options: { ...which, ...listing },
    examples: [["events list --types revoked --all --json", "every revocation, a line of JSON each"]],
    async run({ client, print }, { tenant, types, keys, ...part }) {
      const asked = { tenantId: await tenantIdOf(client(), tenant), types, keyIds: keys };
      const { keyEvents } = client();
      await print.list(
        (pageSize) => keyEvents.list({ ...asked, pageSize }),
        part,
        columns,
        ({ cursor }) => cursor,
      );
    },
  }),
  command({
    path: "events follow",
    summary: "Show events as they happen, until Ctrl-C.",
    details:
      "A connection that is lost is opened again, and nothing is missed or told twice. At the end it says with which --after the next one goes on.",
    options: { ...which, after: text("cursor", "Begin behind this place. Default: now.") },
    examples: [
      ["events follow --tenant acme", "what happens to a tenant's keys"],
      ["events follow --after ZTEu… --json >> events.ndjson", "go on where the last one ended, a line of JSON each"],
    ],
    async run({ client, print, signal }, { tenant, types, keys, after }) {
      const tenantId = await tenantIdOf(client(), tenant);
      const table = createTable(columns, [usual], {
        width: Number.POSITIVE_INFINITY,
        bold: (head) => print.bold(head),
      });
      let cursor = after;
      const onInterrupted = (error: Error, pauseMs: number): void =>
        print.note(`${error.message} Again in ${Math.ceil(pauseMs / 1000)} s.`);
      if (!print.isJson && !print.isQuiet) print.line(table.head());
      const asked = { tenantId, types, keyIds: keys, after };
      for await (const message of client().keyEvents.follow(asked, { signal, onInterrupted })) {
        cursor = message.cursor;
        if (print.isJson) print.jsonLine(message);
        else if (message.__typename !== "KeyEvent") {
          print.note(`Events were missed (${message.code}): read again what you keep. It goes on from here.`);
        } else print.line(print.isQuiet ? message.cursor : table.row(message));
      }
      if (cursor !== undefined) print.note(`Go on with: --after ${cursor}`);
    },
  }),
];
