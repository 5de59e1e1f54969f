import { kindOfId } from "@keyplane/schema";
import type { KeyDiagnosis } from "../../entities.js";
import { safe, shown } from "../output/text.js";
import { commandFor } from "./remedy-commands.js";

type Remedy = KeyDiagnosis["remedies"][number];

/** A remedy so that it can be followed: what it does, whom it is about, who may do it, and how. @param place 1 for the first. */
export function remedyLines(
  { title, effect, mutation, variables, permitted, permittedTo }: Remedy,
  place: number,
): string[] {
  const name = mutationName(mutation);
  const { input } = variables as { readonly input: Readonly<Record<string, unknown>> };
  const line = commandFor(name, input);
  return [
    `Remedy ${place}: ${safe(title)}.`,
    `  Does:  ${safe(effect)}`,
    `  About: ${shown([...new Set(idsIn(input))])}`,
    `  May:   ${permitted ? "you may" : `not you. ${safe(permittedTo ?? "")}`}`,
    `  Do:    ${line === null ? `send the mutation ${safe(name)}: --json has it with its variables` : `keyplane ${line}`}`,
  ];
}

/** The field that a document asks for: `enableUser`. */
function mutationName(document: string): string {
  return /\{\s*(\w+)/.exec(document)?.[1] ?? "";
}

/** The ids of things, wherever they stand. */
function idsIn(value: unknown): string[] {
  if (typeof value === "string") return kindOfId(value) === null ? [] : [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(idsIn) : [];
}
