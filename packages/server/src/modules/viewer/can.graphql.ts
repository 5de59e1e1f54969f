import { builder } from "../../graphql/builder.js";
import { ErrorCodeEnum, PermissionEnum } from "../../graphql/enums.js";
import type { Permitted } from "./can.service.js";

const PermittedType = builder.objectRef<Permitted>("Permitted").implement({
  description: "Whether you may do something, and if not, why not and what to do.",
  fields: (t) => ({
    action: t.expose("action", { type: PermissionEnum, description: "What was asked about." }),
    allowed: t.exposeBoolean("allowed", { description: "Whether you may." }),
    code: t.expose("code", {
      type: ErrorCodeEnum,
      nullable: true,
      description: "What you would be refused with; null when you may.",
    }),
    reason: t.exposeString("reason", { description: "Why, and what to do, for people." }),
  }),
});

builder.queryField("can", (t) =>
  t.field({
    description:
      "Whether you may do something: from your permissions, from what you may see, and from the state of the thing. Another tenant's id answers as one that does not exist.",
    type: PermittedType,
    access: "known",
    args: {
      action: t.arg({ type: PermissionEnum, required: true, description: "What to do, e.g. KEYS_ROTATE." }),
      id: t.arg.id({
        description: "To what; for something that is to be created, the tenant. Without: whether you may at all.",
      }),
    },
    resolve: (_, { action, id }, { principal, services }) => services.can(principal, action, id ?? null),
  }),
);
