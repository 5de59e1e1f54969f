/**
 * Refuses what cannot be a token. Runtimes quote a header's value when they refuse it, so a token that cannot stand in
 * a header must not get that far.
 */
export function checkToken(token: unknown): asserts token is string {
  if (token === undefined || token === null || token === "") {
    throw new TypeError("token is missing. Pass a management token; check that the variable that holds it is set.");
  }
  if (typeof token !== "string") throw new TypeError(`token must be a string, not ${typeof token}.`);
  if (/^bearer\s/i.test(token)) throw new TypeError("token must be the token alone, without Bearer before it.");
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new TypeError("token has white space or another character that no token has. Trim it after reading it.");
  }
}
