import type { Draft } from "./remedy.js";
import type { Sick } from "./sick.js";

/** How many findings are resolved one by one. */
const maxResolved = 5;

/**
 * What a leaked key needs before anything else: another secret, at once. The leaked one stops, so that enabling the key does not let in
 * whoever has found it.
 */
export function replaceLeaked({ rows: { key }, leaks }: Sick): Draft[] {
  // Of a secret that was replaced since, nothing is left to stop.
  if (!leaks.some(({ start }) => start === null || start === key.start)) return [];
  return [
    {
      code: key.disabledAt === null ? "VALID" : "DISABLED",
      mutation: "rotateKey",
      input: { id: key.id, overlapMs: 0 },
      title: "Replace the leaked secret",
      effect: "The answer holds a new secret. The leaked one stops at once, and with it whoever still uses it.",
      scopes: key.scopes,
    },
  ];
}

/** The leaks are dealt with: said last. */
export function resolveLeaks({ leaks }: Sick): Draft[] {
  return leaks.slice(0, maxResolved).map(({ id, start, place }) => ({
    code: "VALID",
    mutation: "resolveKeyFinding",
    input: { id, reason: "the leaked secret was replaced" },
    title: "Say that the leak is dealt with",
    effect: `The finding about ${start ?? "the key"}${start ? "…" : ""}${place ? ` at ${place}` : ""} counts as resolved. Do it once the leaked secret is replaced, and removed from there.`,
  }));
}
