import type { VerdictCode } from "@keyplane/schema";

/** How an outcome is drawn. */
interface OutcomeLook {
  readonly colour: Colour;
  /** Striped, not plain: nobody tells 19 colours apart, but 10 in two textures. */
  readonly striped: boolean;
}

interface Colour {
  readonly light: string;
  readonly dark: string;
}

/**
 * Ten colours after Okabe & Ito ("Color Universal Design", 2008) and Tol ("Colour Schemes", 2021), darker on white and lighter on black so
 * that each has a contrast of 3:1 or more with the page (WCAG 2.2, 1.4.11).
 */
const colours = {
  blue: { light: "#2a6fbb", dark: "#6cabf0" },
  vermilion: { light: "#c8501e", dark: "#f28a4e" },
  amber: { light: "#a67600", dark: "#e8bf45" },
  purple: { light: "#9a4a96", dark: "#d797d3" },
  teal: { light: "#0d8476", dark: "#4fc7b6" },
  wine: { light: "#7d1d4f", dark: "#e0709f" },
  olive: { light: "#71751c", dark: "#c5c861" },
  indigo: { light: "#4a40a8", dark: "#a89ef6" },
  brown: { light: "#7a4a1e", dark: "#d2a679" },
  grey: { light: "#68717d", dark: "#a7b0bd" },
} as const satisfies Record<string, Colour>;

const plain = (colour: Colour): OutcomeLook => ({ colour, striped: false });
const striped = (colour: Colour): OutcomeLook => ({ colour, striped: true });

/**
 * A look for each outcome, the same in every chart. Outcomes that often come together differ in colour, not only in texture.
 *
 * Add it here: give a new code a pair of colour and texture that no other one has. A code keeps its look for ever.
 */
export const outcomeLooks: Readonly<Record<VerdictCode, OutcomeLook>> = {
  VALID: plain(colours.blue),
  MALFORMED: plain(colours.grey),
  CHECKSUM_MISMATCH: striped(colours.grey),
  WRONG_ENVIRONMENT: striped(colours.olive),
  NOT_FOUND: plain(colours.vermilion),
  REVOKED: plain(colours.wine),
  EXPIRED: plain(colours.purple),
  SUPERSEDED: striped(colours.purple),
  QUARANTINED: plain(colours.brown),
  DISABLED: plain(colours.olive),
  OWNER_NOT_FOUND: striped(colours.wine),
  OWNER_DISABLED: striped(colours.vermilion),
  TENANT_SUSPENDED: striped(colours.indigo),
  INSUFFICIENT_SCOPE: plain(colours.teal),
  API_NOT_GRANTED: plain(colours.indigo),
  API_RETIRED: striped(colours.teal),
  IP_NOT_ALLOWED: striped(colours.blue),
  RATE_LIMITED: plain(colours.amber),
  QUOTA_EXCEEDED: striped(colours.amber),
};
