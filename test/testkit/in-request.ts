import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";

const store = new AsyncLocalStorage<boolean>();
subscribe("http.server.request.start", () => store.enterWith(true));

/** Whether this goes on because of a request to a server of this process, and not because a timer has begun it. */
export function inRequest(): boolean {
  return store.getStore() === true;
}
