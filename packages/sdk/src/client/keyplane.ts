import { CanDocument, ViewerDocument } from "../_generated/documents.js";
import type { Permission } from "../_generated/schema-types.js";
import type { Permitted, Viewer } from "../entities.js";
import { Account } from "../resources/account.js";
import { ApiGrants } from "../resources/api-grants.js";
import { Apis } from "../resources/apis.js";
import { Audit } from "../resources/audit.js";
import { Integrity } from "../resources/integrity.js";
import { KeyEvents } from "../resources/key-events.js";
import { Keys } from "../resources/keys.js";
import { Lifecycle } from "../resources/lifecycle.js";
import { Limits } from "../resources/limits.js";
import { ManagementTokens } from "../resources/management-tokens.js";
import { OAuthClients } from "../resources/oauth-clients.js";
import { repeatability } from "../resources/repeatability.js";
import { Roles } from "../resources/roles.js";
import { Teams } from "../resources/teams.js";
import { Tenants } from "../resources/tenants.js";
import { TrustedIssuers } from "../resources/trusted-issuers.js";
import { Usage } from "../resources/usage.js";
import { Users } from "../resources/users.js";
import { Webhooks } from "../resources/webhooks.js";
import type { FlushOptions } from "../usage/usage-buffer.js";
import type { UsageRecordStatus } from "../usage/usage-status.js";
import { operationKindOf, type RequestDocument, textOfDocument } from "./document.js";
import { createDownload } from "./download.js";
import type { KeyplaneOptions, RequestOptions } from "./options.js";
import { resolveOptions } from "./resolve-options.js";
import { realRuntime } from "./runtime.js";
import { createSubscribe } from "./subscription.js";
import { createSend, type Send } from "./transport.js";

/** What can be different for one `keyplane.request`. */
export interface DocumentRequestOptions extends RequestOptions {
  /**
   * Your word that sending the document twice does no harm, for example because its input has an idempotencyKey. Then
   * it is repeated like a query after a failure whose outcome is not known. Default: true for queries, false for
   * mutations.
   */
  readonly repeatable?: boolean | undefined;
}

/** The variables, which may be left out where none is required, and the options. */
export type RequestArguments<Variables> =
  Record<never, never> extends Variables
    ? [variables?: Variables, options?: DocumentRequestOptions]
    : [variables: Variables, options?: DocumentRequestOptions];

/**
 * A client of a Keyplane server. Make one and keep it. It holds no connection that would have to be closed; only who
 * records usage has to `close` it, so that nothing stays behind.
 *
 * What a caller must expect, such as a taken e-mail address, is answered as data with a `code`. What nobody can expect
 * is thrown: a KeyplaneError of the class that says what happened on the way, or what is wrong with the token or the
 * request.
 *
 * @example
 * const keyplane = new Keyplane({ url: "http://127.0.0.1:4000", token });
 * const verdict = await keyplane.keys.verify({ key: presented, scopes: ["orders:read"] });
 * if (!verdict.valid) return respond(401, verdict.code);
 */
export class Keyplane {
  /** Where requests go: the server's GraphQL endpoint. */
  readonly url: string;
  readonly account: Account;
  readonly apiGrants: ApiGrants;
  readonly apis: Apis;
  readonly audit: Audit;
  readonly integrity: Integrity;
  readonly keyEvents: KeyEvents;
  readonly keys: Keys;
  readonly lifecycle: Lifecycle;
  readonly managementTokens: ManagementTokens;
  readonly oauthClients: OAuthClients;
  readonly roles: Roles;
  readonly limits: Limits;
  readonly teams: Teams;
  readonly tenants: Tenants;
  readonly trustedIssuers: TrustedIssuers;
  readonly usage: Usage;
  readonly users: Users;
  readonly webhooks: Webhooks;

  // Private at run time too, and a closure besides: no inspector, serialiser or error reporter can reach a token.
  readonly #send: Send;

  /** @throws TypeError that names the option, what it got and what it wants. */
  constructor(options: KeyplaneOptions) {
    const resolved = resolveOptions(options, realRuntime);
    this.url = resolved.url;
    this.#send = createSend(resolved, realRuntime);
    this.account = new Account(this.#send);
    this.apiGrants = new ApiGrants(this.#send);
    this.apis = new Apis(this.#send);
    this.audit = new Audit(this.#send);
    const subscribe = createSubscribe(resolved, realRuntime);
    this.keyEvents = new KeyEvents({ send: this.#send, subscribe, runtime: realRuntime });
    this.integrity = new Integrity({ send: this.#send, subscribe, runtime: realRuntime });
    this.keys = new Keys(this.#send);
    this.lifecycle = new Lifecycle(this.#send);
    this.managementTokens = new ManagementTokens(this.#send);
    this.oauthClients = new OAuthClients(this.#send);
    this.roles = new Roles(this.#send);
    this.limits = new Limits(this.#send);
    this.teams = new Teams(this.#send);
    this.tenants = new Tenants(this.#send);
    this.trustedIssuers = new TrustedIssuers(this.#send);
    this.webhooks = new Webhooks(this.#send);
    this.usage = new Usage(
      {
        send: this.#send,
        subscribe,
        download: createDownload(resolved, realRuntime),
        runtime: realRuntime,
      },
      resolved.usage,
    );
    this.users = new Users(this.#send);
  }

  /**
   * Hands over the usage that was recorded, before a process ends; see `usage.close`. Everything else goes on working.
   * Never throws.
   */
  async close(options?: FlushOptions): Promise<UsageRecordStatus> {
    return this.usage.close(options);
  }

  /** Who the token is to Keyplane, and what it may do. @throws KeyplaneError */
  async viewer(options?: RequestOptions): Promise<Viewer> {
    return (await this.#send(ViewerDocument, {}, repeatability.read, options)).viewer;
  }

  /**
   * Whether the token may do something, and if not, why not.
   *
   * @param id to what; for something that is to be created, the tenant. Without: whether it may at all.
   * @throws KeyplaneError
   */
  async can(action: Permission, id?: string, options?: RequestOptions): Promise<Permitted> {
    return (await this.#send(CanDocument, { action, id }, repeatability.read, options)).can;
  }

  /**
   * Sends a document of your own and answers its data, typed when the document is. Subscriptions are not requests.
   *
   * @param document a string, or what graphql-codegen makes of one.
   * @throws KeyplaneError also when the answer has data besides errors: a hole in it cannot be told from a null.
   */
  async request<Result = unknown, Variables = Record<string, unknown>>(
    document: RequestDocument<Result, Variables>,
    ...[variables, options]: RequestArguments<Variables>
  ): Promise<Result> {
    const text = textOfDocument(document);
    const kind = operationKindOf(text);
    if (kind === "subscription") throw new TypeError("A subscription cannot be sent with request().");
    const repeatable = (options?.repeatable ?? kind === "query") ? "always" : "if-not-done";
    return this.#send<Result, Variables | undefined>(text, variables, repeatable, options);
  }
}
