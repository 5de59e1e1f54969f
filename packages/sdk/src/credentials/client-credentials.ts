import { codeForStatus } from "../client/answer.js";
import { withDeadline } from "../client/deadline.js";
import { errorFor } from "../client/error-for.js";
import { AuthenticationError, type KeyplaneError, RequestError, ServerError } from "../client/errors.js";
import { openResponse, readWhole } from "../client/exchange.js";
import type { Fetch } from "../client/options.js";
import { redact } from "../client/redact.js";
import { parseRetryAfter } from "../client/retry-after.js";
import type { Runtime } from "../client/runtime.js";
import type { ClientCredentials } from "./credentials.js";
import type { IssuedToken } from "./renewing-token.js";

/** What is needed to reach a token endpoint. */
export interface TokenEndpointDeps {
  readonly fetch: Fetch;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly runtime: Runtime;
}

/** Credentials that have been checked and completed. */
export interface ResolvedClientCredentials extends ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokenUrl: string;
}

/**
 * Asks a token endpoint for an access token: RFC 6749, section 4.4, with the client's secret as `client_secret_basic`
 * (section 2.3.1), which is what every server must understand.
 *
 * @throws AuthenticationError for a client that is not known, disabled or has another secret; RequestError for what it may not
 * have; ConnectionError, TimeoutError, RateLimitedError, ServerError. None shows the secret.
 */
export async function fetchClientToken(
  { clientId, clientSecret, tokenUrl, scope, resource }: ResolvedClientCredentials,
  { fetch, headers, timeoutMs, runtime }: TokenEndpointDeps,
): Promise<IssuedToken> {
  const basic = btoa(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`);
  const secrets = [clientSecret, basic];
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    ...(scope === undefined ? {} : { scope }),
    ...(resource === undefined ? {} : { resource }),
  }).toString();
  // Before it is sent: what is left of the token's life counts from when the server made it, which is later.
  const askedAt = runtime.now();
  const answer = await withDeadline({ timeoutMs, signal: undefined }, async (signal) => {
    const request = {
      url: tokenUrl,
      accept: "application/json",
      body,
      contentType: "application/x-www-form-urlencoded",
      authorization: `Basic ${basic}`,
    };
    return readWhole(await openResponse({ fetch, headers }, secrets, request, signal), tokenUrl, secrets);
  });
  const parsed = parseObject(answer.body);
  if (answer.status === 200) return issuedOf(parsed ?? {}, tokenUrl, askedAt);
  throw refusalOf({ ...answer, parsed, tokenUrl, secrets, now: runtime.now() });
}

function issuedOf(answer: Record<string, unknown>, tokenUrl: string, askedAt: number): IssuedToken {
  const { access_token: token, token_type: type, expires_in: lifetime } = answer;
  const isToken = typeof token === "string" && /^[\x21-\x7e]+$/.test(token);
  if (!isToken || typeof type !== "string" || type.toLowerCase() !== "bearer") {
    const message = `What ${tokenUrl} answers is no bearer token. Check tokenUrl.`;
    throw new ServerError(message, { code: "INVALID_RESPONSE", status: 200 });
  }
  // RFC 6749 recommends expires_in and does not require it. Some servers send it as a text.
  const seconds = typeof lifetime === "string" ? Number(lifetime) : lifetime;
  const isKnown = typeof seconds === "number" && Number.isFinite(seconds) && seconds > 0;
  return { token, endsAt: isKnown ? askedAt + seconds * 1_000 : null };
}

/** The errors of RFC 6749, section 5.2, that say that the client itself is not accepted. */
const aboutTheClient: ReadonlySet<unknown> = new Set(["invalid_client", "unauthorized_client", "invalid_grant"]);

function refusalOf(answer: {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly parsed: Record<string, unknown> | null;
  readonly tokenUrl: string;
  readonly secrets: readonly string[];
  readonly now: number;
}): KeyplaneError {
  const { status, header, parsed, tokenUrl, secrets, now } = answer;
  const details = {
    status,
    requestId: header("x-request-id") ?? undefined,
    retryAfterMs: parseRetryAfter(header("retry-after"), now),
  };
  const { error, error_description: description } = parsed ?? {};
  if (typeof error !== "string" || status >= 500 || status === 429) {
    const message = `The token endpoint ${tokenUrl} answered HTTP ${status}.`;
    return errorFor(message, { ...details, code: codeForStatus(status) });
  }
  const why = redact(`${error}${typeof description === "string" ? `: ${description}` : ""}`, secrets);
  if (aboutTheClient.has(error)) {
    const message = `The token endpoint ${tokenUrl} refuses this client (${why}). Check clientId and clientSecret, and that the client is enabled.`;
    return new AuthenticationError(message, { ...details, code: "UNAUTHENTICATED" });
  }
  const message = `The token endpoint ${tokenUrl} gives no token (${why}). Check scope and resource.`;
  return new RequestError(message, { ...details, code: "BAD_REQUEST" });
}

/** As a form has it, which is how RFC 6749 wants the two parts, so that neither can contain the colon between them. */
function formEncoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null; // no JSON, so no answer of a token endpoint: the status tells the rest
  }
}
