import type { Counter } from "./attempts.js";

/**
 * What guesses at an account are counted by: the e-mail address that was sent. Not the user, nor the tenant beside it: an address
 * that has an account must answer like one that has none, whatever else is sent.
 *
 * Several tenants may have users of one address. So a success takes back only what went to the same user; otherwise whoever has an
 * account under somebody's address in a tenant of their own could guess at the other one without an end.
 *
 * @param userId the user whom the attempt was about; undefined: nobody, who is counted alike.
 */
export function accountCounter(email: string, userId: string | undefined): Counter & { readonly kind: "account" } {
  return { kind: "account", of: `email:${email}`, part: userId ?? "nobody" };
}

/** The same for one network that guesses come from. */
export function pairCounter(email: string, userId: string | undefined, network: string): Counter {
  return { kind: "pair", of: `email:${email} ${network}`, part: userId ?? "nobody" };
}
