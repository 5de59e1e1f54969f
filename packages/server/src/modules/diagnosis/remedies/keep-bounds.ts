import { isDeepStrictEqual } from "node:util";
import { rangesWithin } from "@keyplane/schema";
import type { Key } from "../../../platform/database/index.js";
import { keyScopesOf } from "../../roles/index.js";
import type { Rows } from "../diagnosis.store.js";
import type { Draft } from "./remedy.js";
import type { Sick } from "./sick.js";

/** Stands for nobody in an allow list, because no call comes from it: an empty list would allow everybody. */
const nobody = "0.0.0.0";

type Bounds = Pick<Key, "scopes" | "allowedIps" | "deniedIps">;

/**
 * A key that goes from a deleted owner to another user, with what bounded the deleted one's keys on the key itself: nobody gets more by it.
 * Giving the bounds to that user was refused: it would take the place of the user's own, and with a role give permissions, too.
 *
 * The other remedies are made for the key as it is then. Where there is nobody to take it over, a new user gets the bounds.
 */
export function keepBounds(sick: Sick): Sick {
  const { rows, successor, deleted, written } = sick;
  const { key, owner } = rows;
  if (!owner || !deleted || (successor === null && deleted.namesake === null)) return sick;
  const bounded = { ...key, ...boundsOf(key, rows) };
  const isHis = written !== null && written.ownerId === key.ownerId;
  return {
    ...sick,
    rows: {
      ...rows,
      key: bounded,
      owner: { ...owner, allowedIps: [], deniedIps: [] },
      role: null,
      foreign: { ...rows.foreign, role: null },
    },
    written: isHis ? { ...written, ...boundsOf(written, rows) } : written,
    bounding: draftOf(key, bounded),
  };
}

function boundsOf(key: Bounds, { owner, role, foreign }: Rows): Bounds {
  const { allowedIps = [], deniedIps = [] } = owner ?? {};
  const scopes = role ? keyScopesOf(role) : foreign.role;
  return {
    scopes: key.scopes.filter((scope) => scopes === null || scopes.includes(scope)),
    allowedIps: allowedByBoth(key.allowedIps, allowedIps),
    deniedIps: [...new Set([...key.deniedIps, ...deniedIps])],
  };
}

function allowedByBoth(own: readonly string[], other: readonly string[]): string[] {
  if (own.length === 0 || other.length === 0) return [...own, ...other];
  const both = [...new Set([...rangesWithin(own, other), ...rangesWithin(other, own)])];
  return both.length === 0 ? [nobody] : both;
}

function draftOf(key: Key, bounded: Bounds): Draft | null {
  const { scopes, allowedIps, deniedIps } = bounded;
  const lost = key.scopes.filter((scope) => !scopes.includes(scope));
  const changed = {
    ...(lost.length === 0 ? {} : { scopes }),
    ...(isDeepStrictEqual(allowedIps, key.allowedIps) ? {} : { allowedIps }),
    ...(isDeepStrictEqual(deniedIps, key.deniedIps) ? {} : { deniedIps }),
  };
  if (Object.keys(changed).length === 0) return null;
  const isFromNowhere = changed.allowedIps?.[0] === nobody;
  const words = [
    "Without it the key could do more with another user than it could before. Other keys of that user stay as they are.",
    ...(lost.length === 0 ? [] : [`It loses the scopes ${lost.join(", ")}.`]),
    ...(isFromNowhere
      ? [
          `It can be used from nowhere: the allow lists of the key and of the deleted owner have no address in common, for which ${nobody} stands. Decide which addresses are right, and set allowedIps with updateKey.`,
        ]
      : changed.allowedIps
        ? [`It can be used only from ${allowedIps.join(", ")}.`]
        : []),
    ...(changed.deniedIps ? [`It cannot be used from ${deniedIps.join(", ")}.`] : []),
  ];
  return {
    code: "OWNER_NOT_FOUND",
    mutation: "updateKey",
    input: { id: key.id, ...changed },
    title: "Put on the key what bounded the deleted owner's keys, before another user gets it",
    effect: words.join(" "),
    scopes,
  };
}
