/** The largest metadata, in bytes of JSON: verdicts carry it, and every cached key holds it in memory. */
export const maxMetadataBytes = 16_384;
/** How many objects and arrays may stand within each other, the outermost included. */
export const maxMetadataDepth = 8;

/** U+0000 and halves of a character, which PostgreSQL cannot keep in JSON. */
export const unstorable = /[\0\p{Cs}]/u;

/**
 * What is wrong with a key's metadata, as a sentence for whoever gave it; null: nothing. The depth is checked on the way
 * down, because JSON.stringify itself fails on what is nested too deeply.
 */
export function metadataProblem(metadata: unknown): string | null {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
    return 'Give a JSON object, e.g. {"plan":"pro"}.';
  }
  const problem = problemWithin(metadata, 1);
  if (problem) return problem;
  const isTooLarge = Buffer.byteLength(JSON.stringify(metadata)) > maxMetadataBytes;
  return isTooLarge ? `Shorten metadata to at most ${maxMetadataBytes} bytes of JSON.` : null;
}

function problemWithin(container: object, depth: number): string | null {
  if (depth > maxMetadataDepth) return `Nest metadata at most ${maxMetadataDepth} levels deep.`;
  for (const [name, value] of Object.entries(container)) {
    const problem = problemOfName(name) ?? problemOf(value, depth);
    if (problem) return problem;
  }
  return null;
}

function problemOfName(name: string): string | null {
  // The database driver loses it, and programs that merge objects trip over it.
  if (name === "__proto__") return "Rename the field __proto__ of metadata.";
  return unstorable.test(name) ? removeUnstorable : null;
}

function problemOf(value: unknown, depth: number): string | null {
  if (typeof value === "string") return unstorable.test(value) ? removeUnstorable : null;
  // JSON.parse reads 1e400 as Infinity, which would be kept as null.
  if (typeof value === "number" && !Number.isFinite(value)) {
    return "Give the numbers in metadata that are larger than 1.8e308 as text.";
  }
  return typeof value === "object" && value !== null ? problemWithin(value, depth + 1) : null;
}

const removeUnstorable = "Remove the character U+0000 and halves of surrogate pairs from metadata.";
