import type { GuardEvents } from "./guard.js";

type Listener<Name extends keyof GuardEvents> = (event: GuardEvents[Name]) => void;

/** Who wants to be told of what. */
export class Listeners {
  readonly #listeners: { [Name in keyof GuardEvents]: Set<Listener<Name>> } = {
    revoked: new Set(),
    state: new Set(),
    error: new Set(),
  };

  add<Name extends keyof GuardEvents>(name: Name, listener: Listener<Name>): () => void {
    if (!Object.hasOwn(this.#listeners, name))
      throw new TypeError(`A guard tells of revoked, state and error, not of ${name}.`);
    if (typeof listener !== "function") throw new TypeError("A listener must be a function.");
    // A function of its own, because the same one may be added twice.
    const own: Listener<Name> = (event) => listener(event);
    this.#listeners[name].add(own);
    return () => void this.#listeners[name].delete(own);
  }

  /** Never throws: a verification must not fail because somebody who only listens did. */
  tell<Name extends keyof GuardEvents>(name: Name, event: GuardEvents[Name]): void {
    for (const listener of this.#listeners[name]) {
      const failed = (error: unknown): void => {
        if (name !== "error") this.tell("error", error instanceof Error ? error : new Error(String(error)));
      };
      try {
        // An asynchronous one fails later.
        Promise.resolve(listener(event) as unknown).catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  }
}
