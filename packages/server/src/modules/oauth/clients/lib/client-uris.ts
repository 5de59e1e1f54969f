const maxLength = 2_000;
const loopbacks: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

function parse(uri: string): URL | null {
  // Neither a space nor a backslash: URL would repair it, and what is compared later is the text as it was given.
  return uri.length <= maxLength && /^[\x21-\x5b\x5d-\x7e]+$/.test(uri) && URL.canParse(uri) ? new URL(uri) : null;
}

function isSecure({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && loopbacks.includes(hostname));
}

/**
 * What is wrong with a redirect URI; null when nothing is. It is compared as a whole and character by character (RFC 9700
 * section 2.1), so it must be one that cannot be read in two ways.
 */
export function redirectUriProblem(uri: string): string | null {
  const url = parse(uri);
  if (!url) return "Give an absolute URL of at most 2000 ASCII characters, e.g. https://app.example.com/callback.";
  if (!isSecure(url)) return "Use https, or http to localhost, 127.0.0.1 or [::1].";
  if (uri.includes("#")) return "Remove the fragment: everything from # on.";
  if (url.username !== "" || url.password !== "") return "Remove the user name and password.";
  if (uri.includes("*")) return "Name each address by itself: there are no wildcards.";
  return null;
}

/** What is wrong with a resource indicator (RFC 8707 section 2); null when nothing is. */
export function resourceProblem(uri: string): string | null {
  const url = parse(uri);
  if (!url) return "Give an absolute URI of at most 2000 ASCII characters, e.g. https://api.example.com.";
  if (!isSecure(url)) return "Use https, or http to localhost, 127.0.0.1 or [::1].";
  if (uri.includes("#")) return "Remove the fragment: everything from # on.";
  return null;
}
