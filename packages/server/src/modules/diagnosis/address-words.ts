import { isCidrOrAddress, type KeyRecord, matchesCidr } from "@keyplane/schema";

/** How many entries of a list are named. */
const maxNamed = 5;

/** Whose lists there are, and what they are called. */
const levels = {
  key: "the key",
  owner: "the owner",
  tenant: "the tenant",
} as const;

/** Whose address lists are meant. */
export type AddressLevel = keyof typeof levels;

interface Lists {
  readonly level: AddressLevel;
  readonly allowedIps: readonly string[];
  readonly deniedIps: readonly string[];
}

/**
 * Which entries of which lists keep an address out.
 *
 * @param shown whose lists the caller may read: nothing is said of another one.
 */
export function refusingWords(
  record: KeyRecord,
  ip: string | undefined,
  shown: ReadonlySet<AddressLevel>,
): string | null {
  const isKnown = ip !== undefined && isCidrOrAddress(ip);
  const words = listsOf(record, shown).flatMap(({ level, allowedIps, deniedIps }) => {
    const denying = isKnown ? deniedIps.filter((entry) => matchesCidr(ip, [entry])) : deniedIps;
    const isOutside = allowedIps.length > 0 && !(isKnown && matchesCidr(ip, allowedIps));
    const from = isKnown ? `${ip}: ` : "";
    return [
      ...(denying.length === 0 ? [] : [`${from}${levels[level]} denies ${named(denying)}.`]),
      ...(isOutside ? [`${from}${levels[level]} allows only ${named(allowedIps)}.`] : []),
    ];
  });
  return words.map((each) => each.charAt(0).toUpperCase() + each.slice(1)).join(" ") || null;
}

/** What the lists are that let an address in; null: none that the caller may read. */
export function lettingWords(record: KeyRecord, shown: ReadonlySet<AddressLevel>): string | null {
  const words = listsOf(record, shown).map(
    ({ level, allowedIps, deniedIps }) =>
      `${level}: allowed ${named(allowedIps) || "all"}, denied ${named(deniedIps) || "none"}`,
  );
  return words.length === 0 ? null : words.join("; ");
}

/** Whether an address matters at all, whoever may read why. */
export function isBoundToAddresses(record: KeyRecord): boolean {
  return listsOf(record, new Set(Object.keys(levels) as AddressLevel[])).length > 0;
}

function listsOf(record: KeyRecord, shown: ReadonlySet<AddressLevel>): Lists[] {
  return (Object.keys(levels) as AddressLevel[]).flatMap((level) => {
    const { allowedIps = [], deniedIps = [] } = record[level] ?? {};
    return shown.has(level) && allowedIps.length + deniedIps.length > 0 ? [{ level, allowedIps, deniedIps }] : [];
  });
}

function named(entries: readonly string[]): string {
  const more = entries.length - maxNamed;
  return entries.slice(0, maxNamed).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
