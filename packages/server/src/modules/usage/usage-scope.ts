import { BadUserInputError, NotFoundError } from "../../platform/errors.js";
import type { Principal } from "../auth/index.js";
import type { EventFilter, UsageFilter } from "./reports/questions.js";

/** A tenant that there is not, and cannot be: no id holds a space, so nothing is ever stored under this one. */
const nobody = "no tenant";

/** How many keys of teams one question can be about. */
const maxTeamKeys = 10_000;

export interface UsageScopeDeps {
  /** The ids of keys that belong to some of these teams. @param among only of these. */
  readonly findKeyIdsOfTeams: (
    teamIds: readonly string[],
    among: readonly string[] | undefined,
    take: number,
  ) => Promise<string[]>;
  readonly tenantExists: (tenantId: string) => Promise<boolean>;
}

/** What a caller may ask about. */
export interface UsageScope {
  /**
   * The tenant that is asked about. For whoever is confined to a tenant, another one becomes one that has no usage.
   *
   * @throws NotFoundError for a tenant that there is not, to whoever may see all: a mistyped id must not look like no usage.
   */
  tenantOf(principal: Principal, tenantId: string | null): Promise<string>;
  /**
   * As `tenantOf`, for what may be of nobody's tenant: null, for whoever may see all and names none.
   *
   * @throws NotFoundError as `tenantOf`.
   */
  tenantOrNobodyOf(principal: Principal, tenantId: string | null): Promise<string | null>;
  /** The filter, narrowed for whoever sees only their own keys and those of their teams. */
  filterOf<Filter extends UsageFilter | EventFilter>(principal: Principal, filter: Filter): Promise<Filter>;
  /** The keys of a person's teams. @throws BadUserInputError when they are too many for one question. */
  teamKeysOf(principal: Principal, among?: readonly string[]): Promise<string[]>;
}

export function createUsageScope({ findKeyIdsOfTeams, tenantExists }: UsageScopeDeps): UsageScope {
  async function teamKeysOf({ teamIds }: Principal, among?: readonly string[]): Promise<string[]> {
    const keyIds = teamIds.length === 0 ? [] : await findKeyIdsOfTeams(teamIds, among, maxTeamKeys + 1);
    if (keyIds.length > maxTeamKeys) {
      throw new BadUserInputError(
        `filter.keyIds: Your teams have more than ${maxTeamKeys} keys. Name those that you ask about.`,
      );
    }
    return keyIds;
  }

  async function tenantOf(principal: Principal, tenantId: string | null): Promise<string> {
    if (principal.tenantId !== null)
      return tenantId === null || tenantId === principal.tenantId ? principal.tenantId : nobody;
    if (tenantId === null) return nobody;
    if (!(await tenantExists(tenantId))) throw new NotFoundError("tenant");
    return tenantId;
  }

  return {
    teamKeysOf,

    tenantOf,

    tenantOrNobodyOf: async (principal, tenantId) =>
      principal.tenantId === null && tenantId === null ? null : tenantOf(principal, tenantId),

    async filterOf(principal, filter) {
      const { onlyUserId } = principal;
      if (onlyUserId === null) return filter;
      const keyIds = await teamKeysOf(principal, filter.keyIds);
      if (keyIds.length > 0) return { ...filter, within: { userId: onlyUserId, keyIds } };
      return { ...filter, userIds: filter.userIds && !filter.userIds.includes(onlyUserId) ? [] : [onlyUserId] };
    },
  };
}
