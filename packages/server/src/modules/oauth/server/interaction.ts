import type { IncomingMessage, ServerResponse } from "node:http";
import type { InteractionResults, Provider } from "oidc-provider";
import { KeyplaneError } from "../../../platform/errors.js";
import type { RequestOrigin } from "../../auth/index.js";
import type { Page } from "./html.js";
import type { OAuthTokens } from "./oauth-tokens.js";
import { consentPage, errorPage, signInPage } from "./pages.js";

/** Settles who somebody is. @returns the user's id. @throws KeyplaneError whose message the user may read. */
export type SignIn = (
  input: { readonly email: string; readonly password: string; readonly tenant?: string | undefined },
  origin: RequestOrigin,
) => Promise<string>;

interface Deps {
  readonly signIn: SignIn;
  readonly tokens: OAuthTokens;
  readonly userNameOf: (userId: string) => Promise<string>;
}

/** An interaction as the library hands it out. */
type Interaction = Awaited<ReturnType<Provider["interactionDetails"]>>;

/** What the user did on the page. */
export type Submission = Readonly<Partial<Record<"action" | "email" | "password" | "tenant", string>>>;

export type Interactions = ReturnType<typeof createInteractions>;

/** The pages on which a user signs in and agrees, between the client's request and the code that it gets. */
export function createInteractions({ signIn, tokens, userNameOf }: Deps) {
  /** The interaction of this browser: its cookie must say the same as the address. */
  async function detailsOf(provider: Provider, request: IncomingMessage, response: ServerResponse, uid: string) {
    const details = await provider.interactionDetails(request, response).catch(() => null);
    return details?.uid === uid ? details : null;
  }

  function askingOf(details: Interaction, clientName: string) {
    return { clientName, redirectUri: textOf(details.params["redirect_uri"]) };
  }

  async function pageFor(
    provider: Provider,
    details: Interaction,
    attempt?: Submission,
    problem?: string,
  ): Promise<Page> {
    const client = await tokens.activeClient(textOf(details.params["client_id"]));
    if (!client) return errorPage("invalid_client", "This application was disabled meanwhile.");
    const asking = askingOf(details, client.name);
    if (details.prompt.name === "login") {
      const email = attempt?.email ?? textOf(details.params["login_hint"]);
      const asksTenant = client.tenantId === null;
      return signInPage(asking, { email, tenant: attempt?.tenant ?? "", asksTenant, problem: problem ?? null });
    }
    const { missingResourceScopes = {}, missingOIDCScope = [] } = details.prompt.details as Missing;
    return consentPage(asking, {
      userName: await userNameOf(details.session?.accountId ?? ""),
      ownResource: provider.issuer,
      requested: missingResourceScopes,
      openid: missingOIDCScope,
    });
  }

  async function login(
    details: Interaction,
    submitted: Submission,
    origin: RequestOrigin,
  ): Promise<InteractionResults> {
    const client = await tokens.activeClient(textOf(details.params["client_id"]));
    const { email = "", password = "", tenant } = submitted;
    const userId = await signIn({ email, password, tenant: client?.tenantId ?? (tenant || undefined) }, origin);
    // A session that ends with the browser: whoever uses it next should not be signed in.
    return { login: { accountId: userId, remember: false } };
  }

  async function agree(provider: Provider, details: Interaction): Promise<InteractionResults> {
    const { session, grantId, params } = details;
    const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
    const grant =
      known ?? new provider.Grant({ accountId: session?.accountId ?? "", clientId: textOf(params["client_id"]) });
    const { missingResourceScopes = {}, missingOIDCScope = [] } = details.prompt.details as Missing;
    if (missingOIDCScope.length > 0) grant.addOIDCScope(missingOIDCScope.join(" "));
    for (const [resource, scopes] of Object.entries(missingResourceScopes))
      grant.addResourceScope(resource, scopes.join(" "));
    return { consent: { grantId: await grant.save() } };
  }

  return {
    /** The page of an interaction; null when it is over, or another browser's. */
    async show(
      provider: Provider,
      request: IncomingMessage,
      response: ServerResponse,
      uid: string,
    ): Promise<Page | null> {
      const details = await detailsOf(provider, request, response, uid);
      return details && pageFor(provider, details);
    },

    /**
     * Does what the user has decided, and sends the browser on.
     *
     * @returns the page to show again, where something is wrong; null when the interaction is over; undefined when sent on.
     */
    async submit(
      provider: Provider,
      request: IncomingMessage,
      response: ServerResponse,
      given: { readonly uid: string; readonly submitted: Submission; readonly origin: RequestOrigin },
    ): Promise<Page | null | undefined> {
      const details = await detailsOf(provider, request, response, given.uid);
      if (!details) return null;
      const { submitted, origin } = given;
      const finish = (result: InteractionResults): Promise<void> =>
        provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
      if (submitted.action === "deny") {
        await finish({ error: "access_denied", error_description: "The user did not agree." });
        return undefined;
      }
      const isLogin = details.prompt.name === "login";
      if (submitted.action !== (isLogin ? "sign-in" : "allow")) return pageFor(provider, details, submitted);
      try {
        await finish(isLogin ? await login(details, submitted, origin) : await agree(provider, details));
        return undefined;
      } catch (error) {
        if (!(error instanceof KeyplaneError)) throw error;
        return pageFor(provider, details, submitted, error.message);
      }
    },
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What the library tells of a consent that is needed. */
interface Missing {
  readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>;
  readonly missingOIDCScope?: readonly string[];
}
