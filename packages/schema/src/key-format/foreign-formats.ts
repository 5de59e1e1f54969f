/**
 * Texts that often stand where a key belongs, and that can be told at sight.
 *
 * Add it here: anchor the pattern at the start, keep it without nested repetition (it reads up to 512 characters of
 * untrusted text), and add a vector to `vectors/key-format.json`.
 */
interface ForeignFormat {
  /** Completes the sentence "This looks like …". */
  readonly what: string;
  readonly pattern: RegExp;
}

// A tenant may have chosen another vendor's prefix. The look-aheads leave such keys to the ordinary diagnosis.
const foreignFormats: readonly ForeignFormat[] = [
  { what: "a Stripe key", pattern: /^(?:sk|pk|rk)_(?:live|test)_(?![0-9A-Za-z]{49}$)/ },
  { what: "a Stripe webhook secret", pattern: /^whsec_(?!live_|test_)/ },
  { what: "a GitHub token", pattern: /^(?:gh[opsur]|github_pat)_(?!live_|test_)/ },
  { what: "a GitLab token", pattern: /^glpat-/ },
  { what: "an npm token", pattern: /^npm_(?!live_|test_)/ },
  { what: "a Hugging Face token", pattern: /^hf_(?!live_|test_)/ },
  { what: "an AWS access key id", pattern: /^(?:AKIA|ASIA)/ },
  { what: "a Slack token", pattern: /^(?:xox[a-z]|xapp)-/ },
  { what: "a Google API key", pattern: /^AIza/ },
  { what: "an Anthropic key", pattern: /^sk-ant-/ },
  { what: "an OpenAI key", pattern: /^sk-/ },
  { what: "a SendGrid key", pattern: /^SG\./ },
  { what: "a JSON Web Token", pattern: /^eyJ/ },
  { what: "a PEM file", pattern: /^-----BEGIN / },
  { what: "a web address", pattern: /^https?:\/\//i },
  { what: "a UUID", pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i },
];

/** What a program sends when the variable that should hold the key was never set. */
const unsetVariable = /^(?:undefined|null|none|nil|nan|true|false|\[object Object\])$/i;

/**
 * A hint that names the foreign format, or null when the text is of none that we know.
 *
 * @param wanted what the text should have been: a key or a token.
 */
export function recogniseForeign(text: string, wanted: "key" | "token"): string | null {
  if (unsetVariable.test(text)) {
    return `This is what a program sends when the variable that should hold the ${wanted} is not set. Set it, then try again.`;
  }
  const format = foreignFormats.find(({ pattern }) => pattern.test(text));
  return format
    ? `This looks like ${format.what}, not a ${wanted} issued by Keyplane. Send the Keyplane ${wanted} instead.`
    : null;
}
