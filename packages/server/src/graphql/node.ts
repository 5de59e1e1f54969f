import { kindOfId } from "@keyplane/schema";
import { builder } from "./builder.js";

/** Everything with an id of its own. Which kind it is stands in the id's prefix. */
export const NodeInterface = builder.interfaceRef<{ readonly id: string }>("Node").implement({
  description: "Something with an id of its own, which `node(id)` finds.",
  resolveType: (node) => kindOfId(node.id) ?? undefined,
  fields: (t) => ({
    id: t.exposeID("id", { description: "Opaque; its prefix tells people what it is, e.g. `key_`." }),
  }),
});

builder.queryField("node", (t) =>
  t.field({
    description: "Anything with an id. Needs the permission that reads its kind, e.g. `keys:read` for a key.",
    type: NodeInterface,
    nullable: true,
    access: "known",
    args: {
      id: t.arg.id({ required: true, description: "The id of a tenant, user, custom role, team, key, API or grant." }),
    },
    resolve: (_, { id }, { principal, services }) => {
      // Add a kind here, and in the permission that the description of its reads names.
      switch (kindOfId(id)) {
        case "Tenant":
          return services.tenantReads.find(principal, id);
        case "User":
          return services.userReads.find(principal, id);
        case "CustomRole":
          return services.roleReads.find(principal, id);
        case "Team":
          return services.teamReads.find(principal, id);
        case "Api":
          return services.apiReads.findAny(principal, id);
        case "ApiGrant":
          return services.apiGrantReads.find(principal, id);
        case "Key":
          return services.keyReads.find(principal, id);
        default:
          return null;
      }
    },
  }),
);
