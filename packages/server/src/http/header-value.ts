/** Everything that could end a header or mean something else to whoever reads it, and the sign of the encoding itself. */
const unsafe = /[^\x20-\x24\x26-\x7e]|^ | $/gu;

/**
 * Text as the value of a header: printable ASCII as it is, `%` and everything else percent-encoded as UTF-8 (RFC 3986, 2.1), so that
 * no value can end its header, and `decodeURIComponent` gives the text back.
 */
export function headerValue(text: string): string {
  return text.replace(unsafe, (character) =>
    // Half a character, which encodeURIComponent refuses, becomes the replacement character.
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}
