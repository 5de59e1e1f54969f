import { type Permission, permissions } from "@keyplane/schema";
import SchemaBuilder, {
  BasePlugin,
  type FieldKind,
  type PothosOutputFieldConfig,
  type SchemaTypes,
} from "@pothos/core";
import type { GraphQLFieldResolver } from "graphql";
import { ForbiddenError, UnauthenticatedError } from "../platform/errors.js";
import type { Context } from "./context.js";

/**
 * What a field asks of its caller.
 *
 * - a permission; `ofOwn`: one that will do where the service keeps the caller to what is its own; `ownSessionOr`: people who have signed
 *   in need it only for what is not their own;
 * - `known`: any valid token; `session`: that of somebody who has signed in;
 * - `anyone`: nothing, for what somebody does in order to become known. A request without a token may hold one such mutation and
 *   nothing else.
 */
export type FieldAccess =
  | { readonly permission: Permission; readonly ofOwn?: Permission }
  | { readonly ownSessionOr: Permission }
  | "known"
  | "session"
  | "anyone";

const pluginName = "access";

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      access: AccessPlugin<Types>;
    }
    export interface FieldOptions<
      Types extends SchemaTypes = SchemaTypes,
      // biome-ignore-start lint/correctness/noUnusedVariables: the parameters must be those of Pothos' own interface
      ParentShape = unknown,
      Type extends import("@pothos/core").TypeParam<Types> = import("@pothos/core").TypeParam<Types>,
      Nullable extends import("@pothos/core").FieldNullability<Type> = import("@pothos/core").FieldNullability<Type>,
      Args extends import("@pothos/core").InputFieldMap = import("@pothos/core").InputFieldMap,
      ResolveShape = unknown,
      ResolveReturnShape = unknown,
      // biome-ignore-end lint/correctness/noUnusedVariables: as above
    > {
      /** Who may ask for this field. Every field of Query, Mutation and Subscription must say it. */
      access?: FieldAccess;
    }
  }
}

/**
 * Enforces `access`, and writes it into the field's description, from one option, so that the two cannot differ. A root field
 * without it is refused when the schema is built: silence must not mean public.
 *
 * Not Pothos' scope-auth, because that keeps an entry of a WeakMap for each request, which outlives young garbage
 * collections and made a warm verification half as fast; see docs/internals/decisions.
 */
class AccessPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const access = accessOf(field);
    if (!access) {
      if (["Query", "Mutation", "Subscription"].includes(field.parentType)) {
        throw new Error(`${field.parentType}.${field.name} declares no access: say which permission it needs.`);
      }
      return field;
    }
    const description = [field.description, describe(access)].filter(Boolean).join("\n\n");
    return { ...field, description, extensions: { ...field.extensions, access } };
  }

  override wrapResolve(
    resolver: GraphQLFieldResolver<unknown, Types["Context"], object>,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types["Context"], object> {
    return guarded(resolver, field);
  }

  override wrapSubscribe(
    subscribe: GraphQLFieldResolver<unknown, Types["Context"], object> | undefined,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types["Context"], object> | undefined {
    return subscribe && guarded(subscribe, field);
  }
}

function accessOf(field: { readonly pothosOptions: unknown }): FieldAccess | undefined {
  return (field.pothosOptions as { access?: FieldAccess }).access;
}

function describe(access: FieldAccess): string {
  if (access === "anyone") return "Needs no token.";
  if (access === "known") return "Needs any valid token.";
  if (access === "session") return "Needs the access token of somebody who has signed in.";
  if ("ownSessionOr" in access) {
    return `Needs the access token of somebody who has signed in; for others' the permission \`${access.ownSessionOr}\`.`;
  }
  const reach = permissions[access.permission].installationOnly ? " on the whole installation" : "";
  const own = access.ofOwn === undefined ? "" : `; for what is your own, \`${access.ofOwn}\` will do`;
  return `Needs the permission \`${access.permission}\`${reach}${own}.`;
}

function guarded<Resolver extends GraphQLFieldResolver<unknown, object, object>>(
  resolver: Resolver,
  field: {
    readonly parentType: string;
    readonly name: string;
    readonly pothosOptions: unknown;
    readonly kind: FieldKind;
  },
): Resolver {
  const access = accessOf(field);
  if (!access || access === "anyone") return resolver;
  if (access === "known") {
    // Whoever is not known gets no further than to one open mutation; this is for the day when that has a hole.
    const known: GraphQLFieldResolver<unknown, object, object> = (parent, args, context, info) => {
      if ((context as Context).principal.kind === "anonymous") throw new UnauthenticatedError();
      return resolver(parent, args, context, info);
    };
    return known as Resolver;
  }
  if (access === "session" || "ownSessionOr" in access) {
    const permission = access === "session" ? null : access.ownSessionOr;
    const ofSession: GraphQLFieldResolver<unknown, object, object> = (parent, args, context, info) => {
      const { principal } = context as Context;
      const isAllowed = principal.kind === "session" || (permission !== null && principal.permissions.has(permission));
      if (isAllowed) return resolver(parent, args, context, info);
      const or = permission === null ? "" : `, or the permission ${permission}`;
      throw new ForbiddenError(
        `${field.parentType}.${field.name} needs the access token of somebody who has signed in${or}. Sign in with signIn.`,
      );
    };
    return ofSession as Resolver;
  }
  const { permission, ofOwn } = access;
  const guard: GraphQLFieldResolver<unknown, object, object> = (parent, args, context, info) => {
    const held = (context as Context).principal.permissions;
    if (held.has(permission) || (ofOwn !== undefined && held.has(ofOwn))) return resolver(parent, args, context, info);
    throw new ForbiddenError(
      `${field.parentType}.${field.name} needs the permission ${permission}, which your token does not have. Ask an administrator for a token with it.`,
    );
  };
  return guard as Resolver;
}

SchemaBuilder.registerPlugin(pluginName, AccessPlugin);

export default pluginName;
