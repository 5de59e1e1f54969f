import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { Provider } from "oidc-provider";
import type { Clock } from "../../../platform/clock.js";
import type { Logger } from "../../../platform/logger.js";
import type { RequestOrigin } from "../../auth/index.js";
import { JwtRefusal, type Signing, type SigningKeys, type VerifiedClaims } from "../../signing/index.js";
import type { Artifacts } from "./artifacts.js";
import type { Page } from "./html.js";
import type { Interactions, Submission } from "./interaction.js";
import type { OAuthTokens } from "./oauth-tokens.js";
import { createProvider } from "./provider.js";
import { requestScope } from "./request-scope.js";

/** The media type of an access token (RFC 9068). */
export const accessTokenType = "at+jwt";

interface Deps {
  readonly artifacts: Artifacts;
  readonly clock: Clock;
  readonly interactions: Interactions;
  readonly issuer: () => string;
  readonly logger: Logger;
  readonly signing: Signing;
  readonly signingKeys: SigningKeys;
  readonly tokens: OAuthTokens;
}

/** A body that was read already. */
export interface ReadRequest {
  readonly request: IncomingMessage;
  readonly form: URLSearchParams;
}

export type AuthorizationServer = ReturnType<typeof createAuthorizationServer>;

/** The authorization server: the library in front of our tables, with the key that signs now. */
export function createAuthorizationServer(deps: Deps) {
  const { issuer, interactions, signing, signingKeys } = deps;
  let made: { readonly keyId: string; readonly issuer: string; readonly provider: Provider } | undefined;

  /** The instance for the present key and address. Processes change over at the same moment: the key's own start says when. */
  async function current(): Promise<Provider> {
    const { id, privateKey } = await signingKeys.current();
    if (made?.keyId === id && made.issuer === issuer()) return made.provider;
    const found = await signingKeys.find(id);
    if (!found) throw new Error("the key that signs now has no public half");
    const library = await loadLibrary(deps.logger);
    const key = { id, privateKey, publicJwk: found.publicJwk };
    const provider = createProvider(library, deps, issuer(), key);
    made = { keyId: id, issuer: issuer(), provider };
    return provider;
  }

  /** The claims of one of our access tokens, whatever it is for; null when it is none. */
  async function claimsOf(jwt: string): Promise<VerifiedClaims | null> {
    const audience = audienceOf(jwt);
    if (audience === null) return null;
    try {
      return await signing.verify(jwt, { typ: accessTokenType, audience });
    } catch (error) {
      if (error instanceof JwtRefusal) return null;
      throw error;
    }
  }

  /** The library takes no JWT where a token is introspected or revoked: it gets the identifier that the token carries. */
  async function handOn({
    request,
    form,
  }: ReadRequest): Promise<{ request: IncomingMessage; presented: VerifiedClaims | null }> {
    const presented = await claimsOf(form.get("token") ?? "");
    // Something that names nothing: the answer to a JWT that is not good is the answer to any other text that is no token.
    if (looksLikeJwt(form.get("token") ?? "")) form.set("token", presented?.jti ?? "unknown");
    return { request: replay(request, form.toString()), presented };
  }

  return {
    /** Lets the library answer. */
    async handle(request: IncomingMessage, response: ServerResponse, origin: RequestOrigin): Promise<void> {
      const provider = await current();
      await requestScope.run({ origin, presented: null }, () => provider.callback()(request, response));
    },

    /** Lets the library answer a request about a token. */
    async handleToken(read: ReadRequest, response: ServerResponse, origin: RequestOrigin): Promise<void> {
      const provider = await current();
      const { request, presented } = await handOn(read);
      await requestScope.run({ origin, presented }, () => provider.callback()(request, response));
    },

    async showInteraction(
      request: IncomingMessage,
      response: ServerResponse,
      given: { readonly uid: string; readonly origin: RequestOrigin },
    ): Promise<Page | null> {
      const provider = await current();
      return requestScope.run({ origin: given.origin, presented: null }, () =>
        interactions.show(provider, request, response, given.uid),
      );
    },

    async submitInteraction(
      request: IncomingMessage,
      response: ServerResponse,
      given: { readonly uid: string; readonly submitted: Submission; readonly origin: RequestOrigin },
    ): Promise<Page | null | undefined> {
      const provider = await current();
      return requestScope.run({ origin: given.origin, presented: null }, () =>
        interactions.submit(provider, request, response, given),
      );
    },
  };
}

let loading: Promise<typeof import("oidc-provider")> | undefined;

/**
 * Loads the library, when somebody first asks for it. On Node 20 it prints that it wants a newer one, which nobody at a terminal could
 * place: it becomes a line of the log in our words. All flows are tested on Node 20, too (decision 18).
 */
function loadLibrary(logger: Logger): Promise<typeof import("oidc-provider")> {
  loading ??= quietly(
    "Unsupported runtime",
    () => import("oidc-provider"),
    () =>
      logger.debug(
        { node: process.version },
        "oidc-provider asks for Node 22; what Keyplane uses of it runs on this one",
      ),
  );
  return loading;
}

/** Does something while one warning of the console is heard by us instead; all others are printed as ever. */
async function quietly<Result>(words: string, work: () => Promise<Result>, onWarning: () => void): Promise<Result> {
  const { warn } = console;
  console.warn = (...said: unknown[]) => (String(said[0]).includes(words) ? onWarning() : warn.apply(console, said));
  try {
    return await work();
  } finally {
    console.warn = warn;
  }
}

/** What a token says of whom it is for; nothing of it is verified yet. */
function audienceOf(jwt: string): string | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString());
    const audience = typeof claims === "object" && claims !== null && "aud" in claims ? claims.aud : null;
    return typeof audience === "string" ? audience : null;
  } catch {
    return null;
  }
}

function looksLikeJwt(token: string): boolean {
  return token.startsWith("eyJ") && token.includes(".");
}

/** A request whose body can be read once more. */
function replay(request: IncomingMessage, body: string): IncomingMessage {
  const bytes = Buffer.from(body);
  const { method, url, socket, httpVersion, httpVersionMajor, httpVersionMinor } = request;
  const headers = { ...request.headers, "content-length": String(bytes.length) };
  const replayed = Readable.from([bytes]);
  return Object.assign(replayed, {
    method,
    url,
    socket,
    httpVersion,
    httpVersionMajor,
    httpVersionMinor,
    headers,
  }) as unknown as IncomingMessage;
}
