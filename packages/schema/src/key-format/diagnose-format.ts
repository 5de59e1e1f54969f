import { diagnoseStructure } from "./diagnose-structure.js";
import { recogniseForeign } from "./foreign-formats.js";
import type { KeyFormatProblem, MalformedKey } from "./format-result.js";
import { describeIllegalCharacter } from "./illegal-characters.js";
import { maxKeyLength } from "./layout.js";
import { clientSecretPrefix, managementTokenPrefix, passwordLinkPrefix, refreshTokenPrefix } from "./prefix.js";

/** What the caller expected to read. */
type TokenKind = "api-key" | "management-token";

/** No more of a text is looked at than this: what we say of a text from outside costs the same, however long it is. */
const readLimit = 512;

// The quantifiers are bounded and do not nest, so no text makes these patterns slow.
const authorizationScheme = /^(?:authorization\s{0,9}[:=]\s{0,9})?(?:bearer|basic|token|apikey)[\s:]/i;
/** A name and a password in Base64, which has no underscore: a key has two. */
const encodedCredentials = /^(?:authorization\s{0,9}[:=]\s{0,9})?basic[\s:]{1,9}[0-9A-Za-z+/]{1,512}={0,2}$/i;
const nameBeforeKey = /^[\w-]{1,64}\s{0,9}[:=]/;
const apiKeyHead = /^[a-z0-9]{2,12}_(?:live|test)_/;
const visibleStart = /[a-z0-9]{2,12}_(?:live|test)_[0-9A-Za-z]{4}/;

/**
 * Names what is wrong with a text that is not a well-formed key of the expected kind. Runs only after the fast path has
 * refused it, so it may take its time: first what can be told at sight, then single characters, then the structure.
 */
export function diagnoseFormat(text: string, kind: TokenKind): MalformedKey {
  const head = text.slice(0, readLimit);
  const wanted = kind === "api-key" ? "key" : "token";
  const foreign = recogniseForeign(head, wanted) ?? recogniseOtherKind(head, kind);
  if (foreign !== null) return { ok: false, problem: "foreign-format", hint: foreign };

  const found = diagnoseText(text, head);
  // The sentences are written for keys. A management token has the same parts, and the same goes wrong with it.
  return wanted === "key" ? found : { ...found, hint: found.hint.replaceAll(/\bkey\b/g, wanted) };
}

/** What is wrong with a text that is of no other kind at sight. */
function diagnoseText(text: string, head: string): MalformedKey {
  const complete = text.length <= readLimit;
  if (complete && head.trim() === "") {
    return {
      ok: false,
      problem: "empty",
      hint: "There is no key here. Send the whole key; check that the variable is set.",
    };
  }
  const intruder = findIntruder(head);
  if (intruder !== null) return withStart(head, "illegal-character", intruder.hint, intruder.position);

  if (!complete) {
    const hint = `This is ${text.length} characters long; a key has at most ${maxKeyLength}. Send only the key.`;
    return { ...withStart(head, "too-long", hint), by: text.length - maxKeyLength };
  }
  return diagnoseStructure(head);
}

function recogniseOtherKind(text: string, kind: TokenKind): string | null {
  const wanted = kind === "api-key" ? "an API key" : "a management token";
  if (text.startsWith(`${refreshTokenPrefix}_`)) {
    return `This is a refresh token, not ${wanted}. It renews a session and opens nothing else: keep it secret.`;
  }
  if (text.startsWith(`${passwordLinkPrefix}_`)) {
    return `This is the token of a link that sets a password, not ${wanted}. Open the link instead, and keep it secret.`;
  }
  if (text.startsWith(`${clientSecretPrefix}_`)) {
    return `This is the secret of an OAuth client, not ${wanted}. The client exchanges it for an access token: keep it secret.`;
  }
  const isManagement = text.startsWith(`${managementTokenPrefix}_`);
  if (kind === "api-key" && isManagement) {
    return "This is a management token, not an API key. It administers Keyplane itself: keep it secret and send an API key here.";
  }
  if (kind === "management-token" && !isManagement && apiKeyHead.test(text)) {
    return `This is an API key, not a management token. A management token begins with ${managementTokenPrefix}_.`;
  }
  return null;
}

/** The first character that cannot be part of a key, with what probably brought it there. */
function findIntruder(text: string): { readonly position: number; readonly hint: string } | null {
  if (encodedCredentials.test(text.trimEnd())) {
    return {
      position: 0,
      hint: "The text begins with the authorization scheme Basic and an encoded name and password, which is no key. Send the key itself, where the API wants it: mostly after Bearer.",
    };
  }
  if (authorizationScheme.test(text)) {
    return {
      position: 0,
      hint: "The text begins with an authorization scheme such as Bearer. Send only what follows it.",
    };
  }
  if (nameBeforeKey.test(text)) {
    return {
      position: 0,
      hint: "The text begins with a name, as in a header or a settings file. Send only the value.",
    };
  }
  const position = text.search(/[^0-9A-Za-z_]/);
  return position < 0 ? null : { position, hint: describeIllegalCharacter(text, position) };
}

function withStart(text: string, problem: KeyFormatProblem, hint: string, position?: number): MalformedKey {
  const start = visibleStart.exec(text)?.[0];
  return {
    ok: false,
    problem,
    hint,
    ...(position !== undefined && { position }),
    ...(start !== undefined && { start }),
  };
}
