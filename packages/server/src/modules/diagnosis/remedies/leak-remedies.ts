import type { KeyFinding } from "../../../platform/database/index.js";
import type { Draft } from "./remedy.js";
import type { Sick } from "./sick.js";

/** How many findings are resolved one by one. */
const maxResolved = 5;

/**
 * What a key that others have needs before anything else: another secret, at once. The leaked one stops, so that enabling the key does not let in
 * whoever has found it.
 */
export function replaceInOtherHands({ rows: { key }, inOtherHands, dangers }: Sick): Draft[] {
  // Of a secret that is never accepted again, nothing is left to stop.
  if (inOtherHands.every(({ id }) => dangers.get(id) === "NONE")) return [];
  return [
    {
      code: key.disabledAt === null ? "VALID" : "DISABLED",
      mutation: "rotateKey",
      input: { id: key.id, overlapMs: 0 },
      title: inOtherHands.every(isShared) ? "Replace the secret that others have" : "Replace the leaked secret",
      effect:
        "The answer holds a new secret. The present one stops at once, and so does every older one that still works: with them whoever uses them.",
      scopes: key.scopes,
    },
  ];
}

/** They are dealt with: said last. */
export function resolveInOtherHands({ inOtherHands }: Sick): Draft[] {
  return inOtherHands.slice(0, maxResolved).map((each) => (isShared(each) ? resolveShared(each) : resolveLeak(each)));
}

const isShared = ({ kind }: KeyFinding): boolean => kind === "SHARED";

function resolveShared({ id }: KeyFinding): Draft {
  return {
    code: "VALID",
    mutation: "resolveKeyFinding",
    input: { id, reason: "the shared secret was replaced" },
    title: "Say that the shared key is dealt with",
    effect: "From where the key is used is counted anew. Do it once its secret is replaced.",
  };
}

function resolveLeak({ id, start, place }: KeyFinding): Draft {
  return {
    code: "VALID",
    mutation: "resolveKeyFinding",
    input: { id, reason: "the leaked secret was replaced" },
    title: "Say that the leak is dealt with",
    effect: `The finding about ${start ?? "the key"}${start ? "…" : ""}${place ? ` at ${place}` : ""} counts as resolved. Do it once the leaked secret is replaced, and removed from there.`,
  };
}
