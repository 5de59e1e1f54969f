import type { CodegenConfig } from "@graphql-codegen/cli";

type Output = Exclude<CodegenConfig["generates"][string], readonly unknown[]>;

/** A graphql-codegen preset: decides which plugins make a file, and from what. */
export type Preset = Exclude<NonNullable<Output["preset"]>, string>;

/** What a preset is given. */
export type PresetInput = Parameters<Preset["buildGeneratesSection"]>[0];

/** The loaded files with the operations. */
export type Sources = PresetInput["documents"];

/** One operation or fragment of the sources. */
export type Definition = NonNullable<Sources[number]["document"]>["definitions"][number];

/** The definitions of all sources, in the order of the files. */
export function definitionsOf(sources: Sources): readonly Definition[] {
  return sources.flatMap(({ document }) => document?.definitions ?? []);
}

/** A preset with one plugin, which has no options of its own: everything else is passed on. */
export function onePlugin(makePlugin: (input: PresetInput) => PresetInput["pluginMap"][string]): Preset {
  return {
    buildGeneratesSection: (input) => [
      {
        filename: input.baseOutputDir,
        plugins: [{ own: {} }],
        pluginMap: { own: makePlugin(input) },
        documents: input.documents,
        schema: input.schema,
        config: input.config,
      },
    ],
  };
}
