declare const process: { readonly getBuiltinModule?: (name: string) => unknown } | undefined;

/** A module of Node, without an import that bundlers for browsers and workers would stumble over; Bun and Deno have it, too. */
export function builtinModule<Module>(name: string): Module | undefined {
  return typeof process === "undefined" ? undefined : (process.getBuiltinModule?.(name) as Module | undefined);
}
