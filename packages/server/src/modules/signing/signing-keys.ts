import { createId } from "@keyplane/schema";
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import type { Clock } from "../../platform/clock.js";
import type { Database, SigningKey, Transaction } from "../../platform/database/index.js";
import type { SecretBox } from "../../platform/secret-box.js";
import { type Audit, systemActor } from "../audit/index.js";
import type { DomainEvent, EventListener, Events } from "../events/index.js";
import { findSigningKeys, insertSigningKey, lockSigningKeys, wipeRetiredKeys } from "./signing-keys.store.js";

/**
 * ECDSA on P-256 with SHA-256 (RFC 7518): small signatures, and every JWT library, gateway and cloud verifies it. Not EdDSA:
 * many gateways do not know it yet, and Node 20 calls it experimental. Not RS256: signing takes ten times as long.
 */
export const signingAlgorithm = "ES256";

/** The longest that a signed token may live, in milliseconds: for as long, the public key outlives its last signature. */
export const maxTokenMs = 24 * 60 * 60_000;
/** How long before it signs a new key is published, in milliseconds: longer than a JWKS may be remembered. */
export const publishAheadMs = 60 * 60_000;
/** How often an unknown `kid` may make this process look into the database, in milliseconds. */
const lookAgainMs = 5_000;

export interface PublicKey {
  readonly id: string;
  readonly publicJwk: JWK;
  readonly key: CryptoKey;
}

interface LoadedKey extends PublicKey {
  /** null: sealed by another encryption key than ours, or wiped. */
  readonly privateKey: CryptoKey | null;
  readonly activatesAt: number;
  readonly retiresAt: number;
}

/**
 * The keys that sign tokens. They are kept in the database, made at first need, and replaced on a schedule: the successor is
 * published an hour before it signs, and the old public key stays until every token that it signed has expired. All
 * processes of a database share them.
 */
export class SigningKeys implements EventListener {
  readonly #deps: {
    audit: Audit;
    clock: Clock;
    database: Database;
    events: Events;
    secretBox: SecretBox;
    rotationMs: number;
  };
  #keys: readonly LoadedKey[] = [];
  #loading: Promise<void> | undefined;
  /** Rises when something changes: what a reading that began before brings counts no more. */
  #changes = 0;
  #isFresh = false;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** @param deps.rotationMs for how long a key signs, in milliseconds. */
  constructor(deps: {
    audit: Audit;
    clock: Clock;
    database: Database;
    events: Events;
    secretBox: SecretBox;
    rotationMs: number;
  }) {
    this.#deps = deps;
  }

  onEvent(event: DomainEvent): void {
    if (event.type === "SIGNING_KEY_CREATED") this.onGap();
  }

  onGap(): void {
    this.#changes++;
    this.#isFresh = false;
  }

  /** The key that signs now; one is made when there is none. */
  async current(): Promise<{ readonly id: string; readonly privateKey: CryptoKey }> {
    if (!this.#isFresh) await this.#load();
    const known = this.#signing();
    if (known) return known;
    await this.#make();
    await this.#load();
    const made = this.#signing();
    if (!made) throw new Error("a signing key that was just made cannot be read");
    return made;
  }

  /** The public key of an id: at once when it is known; null when there is none. */
  find(id: string): PublicKey | null | Promise<PublicKey | null> {
    const known = this.#keys.find((key) => key.id === id);
    if (known && this.#isFresh) return this.#unlessOver(known);
    // Guesses must not cost a look into the database each.
    if (this.#isFresh && this.#deps.clock.now() - this.#lookedAt < lookAgainMs) return null;
    return this.#load().then(() => {
      const found = this.#keys.find((key) => key.id === id);
      return found ? this.#unlessOver(found) : null;
    });
  }

  /** Every public key whose tokens may be good, now or soon. */
  async published(): Promise<readonly PublicKey[]> {
    await this.current();
    return this.#keys.filter((key) => this.#unlessOver(key));
  }

  /** Makes the successor when it is time, and forgets what signs no more. Does nothing before the first need. */
  async maintain(): Promise<void> {
    await this.#load();
    if (this.#keys.length === 0) return;
    const now = this.#deps.clock.now();
    const newest = Math.max(...this.#keys.filter((key) => key.privateKey).map((key) => key.retiresAt));
    if (now >= newest - publishAheadMs) await this.#make();
    await wipeRetiredKeys(this.#deps.database.prisma, new Date(now));
  }

  #signing(): { id: string; privateKey: CryptoKey } | null {
    const now = this.#deps.clock.now();
    for (const { id, privateKey, activatesAt, retiresAt } of this.#keys) {
      if (privateKey && activatesAt <= now && now < retiresAt) return { id, privateKey };
    }
    return null;
  }

  #unlessOver(key: LoadedKey): PublicKey | null {
    return this.#deps.clock.now() < key.retiresAt + maxTokenMs ? key : null;
  }

  #load(): Promise<void> {
    this.#loading ??= this.#read().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #read(): Promise<void> {
    const { clock, database } = this.#deps;
    for (;;) {
      const changes = this.#changes;
      const now = clock.now();
      const rows = await findSigningKeys(database.prisma, new Date(now - maxTokenMs));
      const keys = await Promise.all(rows.map((row) => this.#toKey(row)));
      if (changes !== this.#changes) continue;
      this.#keys = keys;
      this.#isFresh = true;
      this.#lookedAt = now;
      return;
    }
  }

  async #toKey(row: SigningKey): Promise<LoadedKey> {
    const publicJwk = row.publicJwk as JWK;
    const text = row.sealedPrivateJwk && this.#deps.secretBox.open(row.sealedPrivateJwk, purposeOf(row.id));
    return {
      id: row.id,
      publicJwk,
      key: (await importJWK(publicJwk, signingAlgorithm)) as CryptoKey,
      privateKey: text ? ((await importJWK(JSON.parse(text) as JWK, signingAlgorithm)) as CryptoKey) : null,
      activatesAt: row.activatesAt.getTime(),
      retiresAt: row.retiresAt.getTime(),
    };
  }

  /** Makes the key that signs next, unless another process has made it meanwhile. */
  async #make(): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(signingAlgorithm, { extractable: true });
    const [publicJwk, privateJwk] = await Promise.all([exportJWK(publicKey), exportJWK(privateKey)]);
    await this.#deps.events.transaction(async (tx) => {
      await lockSigningKeys(tx);
      const activatesAt = await this.#nextStart(tx);
      if (activatesAt === null) return;
      const id = createId("SigningKey");
      const row = await insertSigningKey(tx, {
        id,
        alg: signingAlgorithm,
        publicJwk: { ...publicJwk, kid: id, alg: signingAlgorithm, use: "sig" },
        sealedPrivateJwk: this.#deps.secretBox.seal(JSON.stringify(privateJwk), purposeOf(id)),
        createdAt: new Date(this.#deps.clock.now()),
        activatesAt: new Date(activatesAt),
        retiresAt: new Date(activatesAt + this.#deps.rotationMs),
      });
      const { sealedPrivateJwk: _, ...after } = row;
      await this.#deps.audit.record(tx, {
        actor: systemActor,
        action: "signing_key.created",
        tenantId: null,
        target: { type: "SigningKey", id },
        before: null,
        after,
      });
      await this.#deps.events.append(tx, { type: "SIGNING_KEY_CREATED", tenantId: null });
    });
  }

  /** When a new key would begin to sign; null when there is no need for one. */
  async #nextStart(tx: Transaction): Promise<number | null> {
    const now = this.#deps.clock.now();
    const rows = await findSigningKeys(tx, new Date(now));
    // One that another encryption key has sealed is of no use here: processes that differ in it each have their own.
    const usable = rows.filter(
      ({ id, sealedPrivateJwk }) => sealedPrivateJwk && this.#deps.secretBox.open(sealedPrivateJwk, purposeOf(id)),
    );
    const end = Math.max(now, ...usable.map((row) => row.retiresAt.getTime()));
    return end - publishAheadMs <= now ? end : null;
  }
}

/** What a private key is sealed for: it opens for no other row. */
function purposeOf(id: string): string {
  return `signing-key:${id}`;
}
