import { z } from "zod";
import { KeyplaneError } from "../../../platform/errors.js";
import type { ScannedMatch } from "./leaks.service.js";

/** How many matches one message may have. */
export const maxScannedMatches = 1_000;

const matchesSchema: z.ZodType<ScannedMatch[]> = z
  .array(
    z.object({
      token: z.string().max(4_096),
      type: z.string().max(256),
      url: z
        .string()
        .max(4_096)
        .nullish()
        .transform((url) => (url ?? "").slice(0, 2_000)),
      source: z
        .string()
        .max(256)
        .nullish()
        .transform((source) => (source ?? "unknown").slice(0, 80)),
    }),
  )
  .max(maxScannedMatches);

/** Reads the message of a scanner. @throws KeyplaneError BAD_REQUEST for anything else. */
export function readScannedMatches(body: Buffer): ScannedMatch[] {
  const parsed = matchesSchema.safeParse(parseJson(body));
  if (parsed.success)
    return parsed.data.map((match) => ({ ...match, url: clean(match.url), source: clean(match.source) }));
  throw new KeyplaneError(
    "BAD_REQUEST",
    `Send a JSON array of at most ${maxScannedMatches} objects with the texts token, type, url and source.`,
  );
}

/** Without what no database keeps and no log shows. */
function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, "");
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return null; // refused as what it is not
  }
}
