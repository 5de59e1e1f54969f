/**
 * The prefix of Keyplane's own management tokens. It is reserved, so that a management token which leaks, or which
 * is pasted where an API key belongs, is recognised at sight.
 */
export const managementTokenPrefix = "keyplane";

/** The prefix of refresh tokens: what renews a session of somebody who has signed in. */
export const refreshTokenPrefix = "kprefresh";

/** The prefix of the tokens in links by which somebody sets a password. */
export const passwordLinkPrefix = "kplink";

/** The prefix of the secrets of OAuth clients. */
export const clientSecretPrefix = "kpclient";

/** Prefixes that no tenant may choose. */
export const reservedKeyPrefixes: readonly string[] = Object.freeze([
  managementTokenPrefix,
  refreshTokenPrefix,
  passwordLinkPrefix,
  clientSecretPrefix,
]);

/** The source of a regular expression that a key's prefix matches as a whole: 2 to 12 of a-z and 0-9. */
export const keyPrefixPattern = "^[a-z0-9]{2,12}$";

const wellFormed = new RegExp(keyPrefixPattern);

/**
 * Whether a tenant may choose this prefix: 2 to 12 of a-z and 0-9, and not reserved.
 *
 * Prefixes of other vendors, such as Stripe's `sk`, are allowed, but unwise: secret scanners would report the keys to
 * that vendor, and hints about broken keys would name it.
 */
export function isValidPrefix(text: string): boolean {
  return hasPrefixForm(text) && !reservedKeyPrefixes.includes(text);
}

/** Whether the text has the form of a prefix, reserved or not. */
export function hasPrefixForm(text: string): boolean {
  return wellFormed.test(text);
}
