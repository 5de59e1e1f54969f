import { createId, type IdKind, idPrefixes } from "@keyplane/schema";

/** Ids that cannot name a thing of this kind: of every other kind, of a wrong form, with strange characters, far too long. */
export function strangeIds(kind: IdKind): string[] {
  const otherKinds = (Object.keys(idPrefixes) as IdKind[]).filter((other) => other !== kind);
  return [...otherKinds.map((other) => createId(other)), ...malformedIds(kind)];
}

/** Those of them that are no id of any kind. */
export function malformedIds(kind: IdKind): string[] {
  const real = createId(kind);
  return [
    "",
    " ",
    "0",
    "null",
    idPrefixes[kind],
    real.slice(0, -1),
    `${real}0`,
    ` ${real}`,
    `${real}\n`,
    `${real}\0`,
    `\0${real.slice(1)}`,
    real.toUpperCase(),
    real.replace(/.$/, "é"),
    real.replace(/.$/, "\ud800"),
    real.replace(/..$/, "🔑"),
    "' OR 1=1 --",
    "%",
    "../../etc/passwd",
    "x".repeat(10_000),
  ];
}

/** Text that a field of at most `max` characters must refuse, each with a name. */
export function strangeTexts(max: number): { what: string; text: string }[] {
  return [
    { what: "nothing", text: "" },
    { what: "only spaces", text: " \t " },
    { what: "only what nobody sees", text: "\u200b\u00ad\ufeff" },
    { what: `${max + 1} characters`, text: "x".repeat(max + 1) },
    { what: `${max + 1} emoji`, text: "🔑".repeat(max + 1) },
    { what: "10 kB", text: "x".repeat(10_000) },
    { what: "a NUL", text: "a\0b" },
    { what: "a line break", text: "a\nb" },
    { what: "a line separator", text: "a\u2028b" },
    { what: "an escape sequence", text: "a\u001b[31mb" },
    { what: "half a character", text: "a\ud800b" },
    { what: "a mark that turns the direction of reading", text: "a\u202eb" },
  ];
}
