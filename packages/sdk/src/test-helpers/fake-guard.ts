import { docsUrlForVerdict, verdictCodes } from "@keyplane/schema";
import type { Closable, Guard, GuardRequest, GuardStatus, GuardVerdict } from "../guard/guard.js";

/** What nobody who presents a key may read: typed by people, or about the owner. */
export const confidential = [
  "Grace",
  "grace@globex.example",
  "she left for Initech",
  "Billing of Globex",
  "ten_globex",
];

const key = {
  id: "key_orders",
  name: "Billing of Globex",
  start: "kp_live_3fQz",
  environment: "LIVE",
  metadata: { plan: "gold" },
  expiresAt: null,
};
const owner = { id: "usr_grace", externalId: null, name: "Grace", email: "grace@globex.example" };

/** A verdict as a guard makes it; of a refused key by default with all that it may know. */
export function verdictOf(code: GuardVerdict["code"], more: Partial<GuardVerdict> = {}): GuardVerdict {
  const isKnown = Object.hasOwn(verdictCodes, code);
  return {
    valid: code === "VALID",
    code,
    message: code === "VALID" ? "The key is valid." : "Refused: she left for Initech.",
    docsUrl: isKnown ? docsUrlForVerdict(code as keyof typeof verdictCodes) : `https://docs.example/${code}`,
    requestId: "req_1",
    key: code === "UNAVAILABLE" ? null : key,
    owner: code === "UNAVAILABLE" ? null : owner,
    tenantId: code === "UNAVAILABLE" ? null : "ten_globex",
    scopes: ["orders:read"],
    missingScopes: [],
    rateLimits: [],
    quota: null,
    retryAfterMs: null,
    hint: null,
    api: null,
    source: "local",
    ageMs: 3,
    ...more,
  };
}

type Answer = GuardVerdict | Error | undefined;

/**
 * A guard that answers by a table: what adapters need of one, without server, network or memory. The key `valid` has the scope
 * orders:read and nothing else.
 */
export class FakeGuard implements Guard {
  readonly docsUrl = "https://keyplane.globex.example/docs";
  /** What was asked, in its order. */
  readonly calls: { readonly key: string; readonly request: GuardRequest | undefined }[] = [];
  readonly #table = new Map<string, Answer>();
  readonly #bound = new Map<Closable, string>();
  /** Keys that were refused after their verification. */
  readonly #refused = new Set<string>();

  /** What to answer for a key from now on; an Error is thrown. */
  answers(presented: string, answer: Answer): this {
    this.#table.set(presented, answer);
    return this;
  }

  /** How many things wait to be closed. */
  get bound(): number {
    return this.#bound.size;
  }

  async verify(presented: string, request?: GuardRequest): Promise<GuardVerdict> {
    this.calls.push({ key: presented, request });
    if (this.#table.has(presented)) {
      const answer = this.#table.get(presented);
      if (answer instanceof Error) throw answer;
      return answer as GuardVerdict;
    }
    if (presented !== "valid") return verdictOf("NOT_FOUND", { key: null, owner: null, tenantId: null });
    const missingScopes = (request?.scopes ?? []).filter((scope) => scope !== "orders:read");
    return missingScopes.length > 0 ? verdictOf("INSUFFICIENT_SCOPE", { missingScopes }) : verdictOf("VALID");
  }

  bind(keyId: string, closable: Closable): () => void {
    if (this.#refused.has(keyId)) close(closable);
    else this.#bound.set(closable, keyId);
    return () => void this.#bound.delete(closable);
  }

  /** Refuses a key: what is bound to it is closed. */
  revoke(keyId: string): void {
    this.#refused.add(keyId);
    for (const [closable, boundTo] of this.#bound) {
      if (boundTo !== keyId) continue;
      this.#bound.delete(closable);
      close(closable);
    }
  }

  on(): () => void {
    return () => undefined;
  }

  async ready(): Promise<void> {}

  status(): GuardStatus {
    throw new Error("No adapter asks for the status.");
  }

  async close(): Promise<void> {}
}

function close(closable: Closable): void {
  if (typeof closable === "function") closable(verdictOf("REVOKED"));
  else throw new Error("Adapters give functions, to decide themselves how something is closed.");
}
