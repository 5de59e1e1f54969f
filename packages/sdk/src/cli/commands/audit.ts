import type { AuditRecord } from "../../entities.js";
import { command } from "../command.js";
import { listing, text, time } from "../options.js";
import type { Column } from "../output/table.js";
import { tenantIdOf, whose } from "./find.js";

const columns: readonly Column<AuditRecord>[] = [
  { head: "WHEN", of: ({ createdAt }) => createdAt, isWhole: true },
  { head: "WHO", of: ({ actorName, actorId }) => actorName ?? actorId },
  { head: "DID", of: ({ action }) => action, isWhole: true },
  { head: "TO", of: ({ targetId }) => targetId, isWhole: true },
  { head: "WHY", of: ({ reason }) => reason },
  { head: "FROM", of: ({ address }) => address },
];

export const auditCommands = [
  command({
    path: "audit list",
    isDefault: true,
    summary: "List changes, newest first. The same as: audit",
    options: {
      ...whose,
      action: text("name", "Those of this kind, such as key.revoked."),
      actor: text("id", "Those by this user or token."),
      target: text("id", "Those of this key, user, tenant or token."),
      from: time("Those since this time."),
      to: time("Those before this time."),
      ...listing,
    },
    examples: [
      ["audit --target key_…", "the story of a key"],
      ["audit --action key.revoked --from 2026-11-01 --all --json", "who revoked what in November, for programs"],
    ],
    async run({ client, print }, { tenant, action, actor, target, from, to, ...part }) {
      const tenantId = await tenantIdOf(client(), tenant);
      const filter = { action, actorId: actor, targetId: target, from, to };
      const { audit } = client();
      await print.list(
        (pageSize) => audit.list({ tenantId, filter, pageSize }),
        part,
        columns,
        ({ id }) => id,
      );
    },
  }),
];
