import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { IdempotentRequestOptions, RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { Team, User } from "../entities.js";
import { withIdempotencyKey } from "./idempotent.js";
import { repeatability } from "./repeatability.js";

/** Which teams to list. What is left out does not matter. */
export interface ListTeamsArguments {
  /** Those of this tenant. Default: all that the token may see. */
  readonly tenantId?: string | undefined;
  /** Those that fit. */
  readonly filter?: Inputs.TeamFilter | undefined;
  /** Default: CREATED_AT_DESC, newest first. */
  readonly orderBy?: Inputs.TeamOrder | undefined;
  /** How many teams to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * Teams: users who look after keys together. Expected refusals are answered as data; every method throws a KeyplaneError for
 * anything else. Each needs the permission that the schema names for its operation.
 */
export class Teams {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** One team; null when there is none with this id that the token may see. */
  async get(id: string, options?: RequestOptions): Promise<Team | null> {
    return (await this.#send(documents.GetTeamDocument, { id }, repeatability.read, options)).team;
  }

  /** The teams that the token may see. */
  list({ pageSize, ...filter }: ListTeamsArguments = {}, options?: RequestOptions): PaginatedList<Team> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListTeamsDocument, variables, repeatability.read, options)).teams;
    }, pageSize);
  }

  /** Creates a team without members. */
  async create(input: Inputs.CreateTeamInput, options?: IdempotentRequestOptions): Promise<Results.CreateTeamResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.CreateTeamDocument, variables, repeatability.keyed, options)).createTeam;
  }

  /** Changes a team; what the input leaves out stays. */
  async update(input: Inputs.UpdateTeamInput, options?: RequestOptions): Promise<Results.UpdateTeamResult> {
    return (await this.#send(documents.UpdateTeamDocument, { input }, repeatability.update, options)).updateTeam;
  }

  /** Deletes a team that has no keys any more. Deleting it again answers NOT_FOUND. */
  async delete(input: Inputs.DeleteTeamInput, options?: RequestOptions): Promise<Results.DeleteTeamResult> {
    return (await this.#send(documents.DeleteTeamDocument, { input }, repeatability.update, options)).deleteTeam;
  }

  /** The members of a team; none when there is no team with this id that the token may see. */
  members(
    id: string,
    { pageSize }: { readonly pageSize?: number | undefined } = {},
    options?: RequestOptions,
  ): PaginatedList<User> {
    return new PaginatedList(async (page) => {
      const { team } = await this.#send(
        documents.ListTeamMembersDocument,
        { id, ...page },
        repeatability.read,
        options,
      );
      return team?.members ?? { totalCount: 0, pageInfo: { endCursor: null, hasNextPage: false }, nodes: [] };
    }, pageSize);
  }

  /** Adds a user, who sees the team's keys from the next request on. */
  async addMember(input: Inputs.AddTeamMemberInput, options?: RequestOptions): Promise<Results.AddTeamMemberResult> {
    return (await this.#send(documents.AddTeamMemberDocument, { input }, repeatability.open, options)).addTeamMember;
  }

  /** Removes a user, who sees the team's keys no more from the next request on. */
  async removeMember(
    input: Inputs.RemoveTeamMemberInput,
    options?: RequestOptions,
  ): Promise<Results.RemoveTeamMemberResult> {
    return (await this.#send(documents.RemoveTeamMemberDocument, { input }, repeatability.close, options))
      .removeTeamMember;
  }
}
