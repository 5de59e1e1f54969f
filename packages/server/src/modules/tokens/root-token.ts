import { createId, generateKey, managementTokenPrefix } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import {
  type Database,
  isUniqueViolation,
  type ManagementToken,
  StartupError,
  type Transaction,
} from "../../platform/database/index.js";
import { type Audit, systemActor } from "../audit/index.js";
import { hashSecret } from "../auth/index.js";
import type { Events } from "../events/index.js";
import { findTokenByHash, insertToken, updateTokenRow } from "./tokens.store.js";

/** What became of the first management token. */
export type RootToken =
  | { readonly source: "environment" | "stored" }
  | {
      readonly source: "generated";
      /** Shown once, by whoever started the server. */
      readonly secret: string;
    };

/** Makes sure that somebody can enter: an ADMIN token for the whole installation. */
export function createRootToken(deps: { audit: Audit; clock: Clock; database: Database; events: Events }) {
  const { audit, clock, database, events } = deps;

  /** Several processes may start on one database at once: each sees what the one before has made of the root tokens. */
  function oneAtATime<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    return events.transaction(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(5219410873104)`; // any number that nothing else locks
      return work(tx);
    });
  }

  async function add(tx: Transaction, secret: string, start: string): Promise<void> {
    const token = await insertToken(tx, {
      id: createId("ManagementToken"),
      name: "root",
      role: "ADMIN",
      hash: hashSecret(secret),
      start,
      createdBy: "root",
      createdAt: new Date(clock.now()),
    });
    const target = { type: "ManagementToken", id: token.id } as const;
    const action = "management_token.created";
    await audit.record(tx, { actor: systemActor, action, tenantId: null, target, before: null, after: token });
    await events.append(tx, { type: "TOKEN_CREATED", tenantId: null, tokenId: token.id });
  }

  /** Another process may have added the token of the same variable since it was looked for. */
  async function addOnce(secret: string, start: string): Promise<void> {
    try {
      await oneAtATime((tx) => add(tx, secret, start));
    } catch (error) {
      if (!isUniqueViolation(error, "ManagementToken", ["hash"])) throw error;
    }
  }

  /** A token that the variable names again works again, whoever revoked it: whoever sets the variable owns the installation. */
  async function restore(before: ManagementToken): Promise<void> {
    await events.transaction(async (tx) => {
      const after = await updateTokenRow(tx, before.id, { revokedAt: null, revokedReason: null });
      const target = { type: "ManagementToken", id: after.id } as const;
      const action = "management_token.restored";
      await audit.record(tx, { actor: systemActor, action, tenantId: null, target, before, after });
      await events.append(tx, { type: "TOKEN_RESTORED", tenantId: null, tokenId: after.id });
    });
  }

  /** Tokens that an earlier KEYPLANE_ROOT_TOKEN set stop to work when the variable changes: that is how one is replaced. */
  async function retire(keptHash: string): Promise<void> {
    await oneAtATime(async (tx) => {
      const old = await tx.managementToken.findMany({
        where: { createdBy: "root", revokedAt: null, hash: { not: keptHash } },
      });
      for (const before of old) {
        const after = await updateTokenRow(tx, before.id, {
          revokedAt: new Date(clock.now()),
          revokedReason: "KEYPLANE_ROOT_TOKEN names another one",
        });
        const target = { type: "ManagementToken", id: after.id } as const;
        const action = "management_token.revoked";
        await audit.record(tx, { actor: systemActor, action, tenantId: null, target, before, after });
        await events.append(tx, { type: "TOKEN_REVOKED", tenantId: null, tokenId: after.id });
      }
    });
  }

  return {
    /**
     * @param fromEnvironment the value of KEYPLANE_ROOT_TOKEN; null: one is generated when there is no root token.
     * @throws StartupError when the value is the secret of another management token.
     */
    async ensure(fromEnvironment: string | null): Promise<RootToken> {
      if (fromEnvironment !== null) {
        const known = await findTokenByHash(database.prisma, hashSecret(fromEnvironment));
        // Only its first characters may be shown, and none of a short one.
        if (!known) await addOnce(fromEnvironment, fromEnvironment.length >= 32 ? fromEnvironment.slice(0, 4) : "");
        else if (known.createdBy !== "root" || known.hash !== hashSecret(fromEnvironment)) throw alreadyTaken(known);
        else if (known.revokedAt) await restore(known);
        await retire(hashSecret(fromEnvironment));
        return { source: "environment" };
      }
      return oneAtATime(async (tx) => {
        const known = await tx.managementToken.count({ where: { createdBy: "root", revokedAt: null } });
        if (known > 0) return { source: "stored" };
        const { secret, start } = generateKey({ prefix: managementTokenPrefix, environment: "LIVE" });
        await add(tx, secret, start);
        return { source: "generated", secret };
      });
    },
  };
}

/** It may do less than a root token, and retiring the others would lock everybody out. */
function alreadyTaken(token: ManagementToken): StartupError {
  return new StartupError(
    token.createdBy === "root"
      ? `KEYPLANE_ROOT_TOKEN is the secret that the root token ${token.id} had before it was rotated. Set it to a value of its own.`
      : `KEYPLANE_ROOT_TOKEN is the secret of the management token ${token.id}, which is not a root token. Set it to a value of its own.`,
  );
}
