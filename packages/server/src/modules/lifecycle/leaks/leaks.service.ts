import { type KeyFindingAction, keysIn, parseKey, repairKey } from "@keyplane/schema";
import { z } from "zod";
import type { Clock } from "../../../platform/clock.js";
import type { Database, Key, KeyFinding, KeySecret, Transaction, User } from "../../../platform/database/index.js";
import { InvalidInputError } from "../../../platform/errors.js";
import type { GuessLimiter } from "../../../platform/guess-limiter.js";
import { foreignText, optional, parseInput } from "../../../platform/validation.js";
import { type AuditActor, actorOf } from "../../audit/index.js";
import { authorize, canSee, hashSecret, type Principal, type RequestOrigin } from "../../auth/index.js";
import type { Events } from "../../events/index.js";
import type { Keys } from "../../keys/index.js";
import type { Mail } from "../../mail/index.js";
import { type Danger, dangerOf } from "../findings/danger.js";
import { raiseAndMail } from "../findings/finding-mail.js";
import type { Findings } from "../findings/findings.service.js";
import { redactKeys } from "../lib/redact-keys.js";
import { findPolicy } from "../policy/policy.js";
import { leakMail } from "./leak-mail.js";
import * as store from "./leaks.store.js";

const reportSchema = z.object({
  key: z.string().max(4_096, "Give the key, or the line that has it: at most 4096 characters."),
  url: optional(
    foreignText("url", 2_000).refine(
      (url) => URL.canParse(url) && ["http:", "https:"].includes(new URL(url).protocol),
      "Give an address that begins with https:// or http://, or leave url out.",
    ),
  ),
  source: optional(foreignText("source", 100)),
});

/** A match as a scanner reports it. */
export interface ScannedMatch {
  readonly token: string;
  readonly type: string;
  readonly url: string;
  readonly source: string;
}

/** What the scanner's operator may know of a match: whether it is a credential at all, of the token only its hash. */
export interface ScanLabel {
  readonly token_hash: string;
  readonly token_type: string;
  readonly label: "true_positive" | "false_positive";
}

interface Leak {
  readonly hash: string;
  readonly place: string | null;
  readonly source: string | null;
}

/** The key that a text is, or has. By its form alone, so that nobody learns from the answer which keys there are. */
function reportedKey(text: string): string {
  const keys = keysIn(text);
  const only = parseKey(text).ok ? text : repairKey(text)?.text;
  if (keys.length <= 1 && only !== undefined) return only;
  const message =
    keys.length > 1
      ? `There are ${keys.length} keys in it. Report each by itself.`
      : "There is no whole key in it. Send the key, or the line that has it. Of a part of a key, diagnoseKey tells which key begins so: rotate that one with overlapMs: 0.";
  throw new InvalidInputError([{ path: ["key"], message }]);
}

export type Leaks = ReturnType<typeof createLeaks>;

/** Secrets that were found in public: reported by people, and by scanners. */
export function createLeaks(deps: {
  clock: Clock;
  database: Database;
  events: Events;
  findings: Findings;
  /** How many unknown keys a caller may report. */
  guesses: GuessLimiter;
  keys: Pick<Keys, "hold" | "disableAs" | "revokeAs">;
  mail: Pick<Mail, "enqueue" | "kick">;
}) {
  const { clock, database, events, findings, guesses, keys, mail } = deps;

  /** Keeps a leak and does what the tenant's policy says: once for each place, however often it is reported. */
  async function handle(tx: Transaction, actor: AuditActor, keyId: string, leak: Leak): Promise<KeyFinding | null> {
    const key = await keys.hold(tx, keyId);
    const secret = await store.findSecret(tx, leak.hash);
    if (!key || !secret) return null;
    const identity = `${leak.hash}\n${leak.place ?? ""}`;
    const known = await findings.find(tx, key.id, { kind: "LEAKED", identity });
    if (known) return findings.count(tx, known);

    const where = leak.place ?? "a place that is not known";
    const reason = `its secret ${secret.start}… was found at ${where}`.slice(0, 500);
    const danger = dangerOf(key, secret, clock.now());
    const action = await stop(tx, actor, key, secret, danger);
    const { place, source } = leak;
    const { start } = secret;
    const write = (owner: User, finding: KeyFinding) => leakMail(owner, key, finding, danger);
    const found = { kind: "LEAKED", identity, start, place, source, action, reason } as const;
    return raiseAndMail(tx, { findings, mail, write }, actor, key, found);
  }

  /** What opens nothing need not be stopped. Whoever presents the key is told why it was, not where its secret was found. */
  async function stop(tx: Transaction, actor: AuditActor, key: Key, secret: KeySecret, danger: Danger) {
    const reason = `leaked: its secret ${secret.start}… is known to others`;
    const { leakAction } = await findPolicy(tx, key.tenantId);
    if (leakAction === "NOTIFY" || danger !== "OPEN") return "NONE" satisfies KeyFindingAction;
    if (leakAction === "REVOKE") {
      await keys.revokeAs(tx, actor, key, reason);
      return "REVOKED" satisfies KeyFindingAction;
    }
    if (!key.disabledAt) await keys.disableAs(tx, actor, key, `${reason}; rotate it with overlapMs: 0 first`);
    return "DISABLED" satisfies KeyFindingAction;
  }

  return {
    /**
     * Takes a person's report of a key that was found in public.
     *
     * @param rawInput with the key as it was found: what stands around it, and one slip in it, do not matter.
     * @returns the finding; null for a key that is none of the caller's, whether it is another tenant's or nobody's: whoever
     * finds a key learns nothing of what it opens.
     * @throws InvalidInputError also for a text in which no key stands, or several; ForbiddenError without `keys:report`, RateLimitedError after too many unknown keys.
     */
    async report(principal: Principal, rawInput: unknown): Promise<KeyFinding | null> {
      authorize(principal, "keys:report");
      const input = parseInput(reportSchema, rawInput);
      const hash = hashSecret(reportedKey(input.key));
      const [found] = await guesses.lookUp(
        principal.id,
        () => store.findSecrets(database.prisma, [hash]),
        ([first]) => first !== undefined && canSee(principal, first.key),
      );
      if (!found || !canSee(principal, found.key)) return null;
      const place = input.url === undefined ? null : redactKeys(input.url);
      const leak = { hash, place, source: input.source === undefined ? null : redactKeys(input.source) };
      const finding = await events.transaction((tx) => handle(tx, actorOf(principal), found.keyId, leak));
      mail.kick();
      return finding;
    },

    /**
     * Takes what a scanner has found. Who sent it was checked before; it belongs to no tenant, so each key's own policy counts.
     * What is sent again does nothing a second time.
     *
     * @returns a label for each match, in their order.
     */
    async scan(matches: readonly ScannedMatch[], origin: RequestOrigin): Promise<ScanLabel[]> {
      const actor: AuditActor = { type: "system", id: "secret-scanning", name: "GitHub secret scanning", ...origin };
      const hashed = matches.map((match) => ({
        ...match,
        hash: hashSecret(match.token),
      }));
      const candidates = hashed.filter(({ token }) => parseKey(token).ok).map(({ hash }) => hash);
      const found = new Map((await store.findSecrets(database.prisma, candidates)).map((each) => [each.hash, each]));
      for (const { hash, url, source } of hashed) {
        const secret = found.get(hash);
        if (!secret) continue;
        const leak = { hash, place: url === "" ? null : redactKeys(url), source: `github: ${redactKeys(source)}` };
        await events.transaction((tx) => handle(tx, actor, secret.keyId, leak));
      }
      mail.kick();
      return hashed.map(({ hash, type }) => ({
        token_hash: hash,
        token_type: type,
        label: found.has(hash) ? "true_positive" : "false_positive",
      }));
    },
  };
}
