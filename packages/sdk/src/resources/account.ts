import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { Session } from "../entities.js";
import { repeatability } from "./repeatability.js";

/** Which sessions to list. */
export interface ListSessionsArguments {
  /** Those of this user. Default: one's own for somebody who has signed in, else all that the token may see. */
  readonly userId?: string | undefined;
  /** How many sessions to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * Signing in and out, and passwords. Expected refusals, such as a wrong password, are answered as data; every method throws a
 * KeyplaneError for anything else.
 */
export class Account {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** The sessions that have not ended, newest first. */
  sessions({ pageSize, ...filter }: ListSessionsArguments = {}, options?: RequestOptions): PaginatedList<Session> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListSessionsDocument, variables, repeatability.read, options)).sessions;
    }, pageSize);
  }

  /** Signs somebody in. The answer holds the tokens of a new session, shown this once. */
  async signIn(input: Inputs.SignInInput, options?: RequestOptions): Promise<Results.SignInResult> {
    return (await this.#send(documents.SignInDocument, { input }, repeatability.update, options)).signIn;
  }

  /** Renews a session. Its refresh token is used up: keep the new one. Sent again within ten seconds it is answered alike. */
  async refresh(input: Inputs.RefreshSessionInput, options?: RequestOptions): Promise<Results.RefreshSessionResult> {
    return (await this.#send(documents.RefreshSessionDocument, { input }, repeatability.keyed, options)).refreshSession;
  }

  /** Ends the session that the client's token belongs to. */
  async signOut(options?: RequestOptions): Promise<Results.SignOutResult> {
    return (await this.#send(documents.SignOutDocument, {}, repeatability.update, options)).signOut;
  }

  /** Ends all sessions of the caller, or of another user. */
  async signOutEverywhere(
    input: Inputs.SignOutEverywhereInput = {},
    options?: RequestOptions,
  ): Promise<Results.SignOutEverywhereResult> {
    return (await this.#send(documents.SignOutEverywhereDocument, { input }, repeatability.update, options))
      .signOutEverywhere;
  }

  /** Asks for a link by which to set a new password. The answer is the same for every address. */
  async requestPasswordLink(
    input: Inputs.RequestPasswordLinkInput,
    options?: RequestOptions,
  ): Promise<Results.RequestPasswordLinkResult> {
    return (await this.#send(documents.RequestPasswordLinkDocument, { input }, repeatability.update, options))
      .requestPasswordLink;
  }

  /** Sends a user a link by which to set a password. */
  async sendPasswordLink(
    input: Inputs.SendPasswordLinkInput,
    options?: RequestOptions,
  ): Promise<Results.SendPasswordLinkResult> {
    return (await this.#send(documents.SendPasswordLinkDocument, { input }, repeatability.update, options))
      .sendPasswordLink;
  }

  /** Sets a password by a link, once. */
  async setPassword(input: Inputs.SetPasswordInput, options?: RequestOptions): Promise<Results.SetPasswordResult> {
    return (await this.#send(documents.SetPasswordDocument, { input }, repeatability.update, options)).setPassword;
  }

  /** Changes the caller's own password; all other sessions of the user end. */
  async changePassword(
    input: Inputs.ChangePasswordInput,
    options?: RequestOptions,
  ): Promise<Results.ChangePasswordResult> {
    return (await this.#send(documents.ChangePasswordDocument, { input }, repeatability.update, options))
      .changePassword;
  }
}
