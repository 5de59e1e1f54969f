import { effectiveScopes, type KeyRecord } from "@keyplane/schema";
import type { Granted } from "./held.js";

/** How many lists of scopes, each with its tenant, are shared: of keys with further ones it is decided each time. */
const maxShared = 10_000;

/** What verdicts grant, once for all keys of a tenant that can use the same scopes: near, where a list of each key would be far. */
export class SharedGrants {
  readonly #byText = new Map<string, Granted>();
  readonly #byNumber: Granted[] = [];

  of(key: KeyRecord["key"]): Granted {
    const { tenantId } = key;
    const scopes = effectiveScopes(key);
    const text = JSON.stringify([tenantId, scopes]);
    const known = this.#byText.get(text);
    if (known) return known;
    const number = this.#byNumber.length < maxShared ? this.#byNumber.length : null;
    // Many keys share it, and verdicts show it: whoever changed it would grant something to all of them.
    const granted = Object.freeze({ tenantId, scopes: Object.freeze([...scopes]), number });
    if (number !== null) {
      this.#byNumber.push(granted);
      this.#byText.set(text, granted);
    }
    return granted;
  }

  at(number: number): Granted {
    return this.#byNumber[number] as Granted;
  }
}
