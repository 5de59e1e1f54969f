import { type Permission, permissions } from "@keyplane/schema";
import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from "@pothos/core";

/** What a field asks of its caller: one permission, or only to be known. */
export interface FieldAccess {
  readonly permission?: Permission;
  readonly signedIn?: boolean;
}

const pluginName = "permissionDescriptions";

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      permissionDescriptions: PermissionDescriptions<Types>;
    }
  }
}

/**
 * Writes into the description of each field which permission it needs, from the same option that enforces it, so that the
 * two cannot differ; and refuses to build a schema in which a root field declares none: silence must not mean public.
 */
class PermissionDescriptions<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const access = (field.pothosOptions as { authScopes?: FieldAccess }).authScopes;
    if (!access) {
      if (["Query", "Mutation", "Subscription"].includes(field.parentType)) {
        throw new Error(`${field.parentType}.${field.name} declares no authScopes: say which permission it needs.`);
      }
      return field;
    }
    const needs = access.permission
      ? `Needs the permission \`${access.permission}\`${permissions[access.permission].installationOnly ? " on the whole installation" : ""}.`
      : "Needs any valid management token.";
    return {
      ...field,
      description: `${field.description ?? ""}\n\n${needs}`.trim(),
      extensions: { ...field.extensions, access },
    };
  }
}

SchemaBuilder.registerPlugin(pluginName, PermissionDescriptions);

export default pluginName;
