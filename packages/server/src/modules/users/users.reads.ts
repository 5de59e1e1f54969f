import type { Role, UserStatus } from "@keyplane/schema";
import DataLoader from "dataloader";
import type { Database, User } from "../../platform/database/index.js";
import { EntityStates } from "../../platform/entity-states.js";
import { type Limited, limitedOf } from "../../platform/limited.js";
import { type ListOrder, type Page, type PageArguments, pageOf, parsePage } from "../../platform/pages.js";
import { parseArguments } from "../../platform/validation.js";
import { authorize, type Principal, visibleTo } from "../auth/index.js";
import type { EventListener } from "../events/index.js";
import { userFilterSchema } from "./users.input.js";
import { countUsers, findUser, findUsers, findUsersByIds, findUsersWithTeams } from "./users.store.js";

/** Add an order here. */
export const userOrders = {
  CREATED_AT_DESC: { field: "createdAt", direction: "desc", description: "Newest first. The default." },
  CREATED_AT_ASC: { field: "createdAt", direction: "asc", description: "Oldest first." },
  NAME_ASC: { field: "name", direction: "asc", description: "By name, A to Z." },
  NAME_DESC: { field: "name", direction: "desc", description: "By name, Z to A." },
  EMAIL_ASC: { field: "email", direction: "asc", description: "By e-mail address, A to Z." },
  EMAIL_DESC: { field: "email", direction: "desc", description: "By e-mail address, Z to A." },
} as const satisfies Record<string, ListOrder<"createdAt" | "name" | "email">>;

export type UserOrder = keyof typeof userOrders;

export type UserReads = ReturnType<typeof createUserReads>;

export function createUserReads({ database }: { database: Database }) {
  return {
    /** One user, deleted ones included; null when there is none that the caller may see. */
    async find(principal: Principal, id: string): Promise<User | null> {
      authorize(principal, "users:read");
      return findUser(database.prisma, visibleTo(principal), id);
    },

    /** As a change looks for it, whatever the caller may read. @param isRead fellow members of teams are seen, not changed. */
    findVisible(principal: Principal, id: string, isRead: boolean): Promise<User | null> {
      const visibility = visibleTo(principal);
      return findUser(database.prisma, isRead ? visibility : { ...visibility, teamIds: [] }, id);
    },

    async list(
      principal: Principal,
      rawFilter: unknown,
      orderName: UserOrder,
      page: PageArguments,
    ): Promise<Page<User>> {
      authorize(principal, "users:read");
      const filter = parseArguments(userFilterSchema, rawFilter ?? {});
      const { field, direction } = userOrders[orderName];
      const order = `users.${orderName}`;
      const { size, after } = parsePage(page, order, field);
      const visibility = visibleTo(principal);
      const rows = await findUsers(database.prisma, visibility, { filter, field, direction, after, take: size + 1 });
      return pageOf({
        rows,
        size,
        after,
        order,
        placeOf: (row) => ({ value: row[field], id: row.id }),
        totalCount: () => countUsers(database.prisma, visibility, filter),
      });
    },

    /** Reads the users of one request's entities in one query. */
    loader(principal: Principal): DataLoader<string, User | null> {
      return new DataLoader(async (ids) => {
        const rows = await findUsersByIds(database.prisma, visibleTo(principal), ids);
        const byId = new Map(rows.map((row) => [row.id, row]));
        return ids.map((id) => byId.get(id) ?? null);
      });
    },
  };
}

/** What verification must know of an owner. Times are epoch milliseconds. */
export interface UserState {
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  readonly email: string;
  readonly externalId: string | null;
  readonly role: Role;
  readonly customRoleId: string | null;
  readonly teamIds: readonly string[];
  readonly status: UserStatus;
  readonly since: number | null;
  readonly reason: string | null;
  /** The user's limits; null: there are none. */
  readonly limited: Limited | null;
  /** From which addresses the user's keys may be used. */
  readonly allowedIps: readonly string[];
  readonly deniedIps: readonly string[];
}

/** The state of an owner as it is kept. */
export function toUserState(row: Awaited<ReturnType<typeof findUsersWithTeams>>[number]): UserState {
  return {
    id: row.id,
    tenantId: row.tenantId,
    name: row.name,
    email: row.email,
    externalId: row.externalId,
    role: row.role,
    customRoleId: row.customRoleId,
    teamIds: row.memberships.map(({ teamId }) => teamId),
    status: row.status,
    since: row.statusChangedAt?.getTime() ?? null,
    reason: row.statusReason,
    limited: limitedOf(row),
    allowedIps: row.allowedIps,
    deniedIps: row.deniedIps,
  };
}

/** The states of users, remembered until an event names them. */
export class UserStates extends EntityStates<UserState> implements EventListener {
  constructor({ database, max }: { database: Database; max: number }) {
    super({
      max,
      load: async (id) => {
        const [row] = await findUsersWithTeams(database.prisma, [id]);
        return row ? toUserState(row) : null;
      },
      loadMany: async (ids) => (await findUsersWithTeams(database.prisma, ids)).map(toUserState),
    });
  }

  onEvent(event: { readonly type: string; readonly userId?: string; readonly roleId?: string }): void {
    // With its role, those who are deleted lose it.
    const { type, roleId } = event;
    if (type === "ROLE_DELETED") this.forgetWhere(({ customRoleId }) => customRoleId === roleId);
    if (/^(?:USER|OWNER|TEAM_MEMBER)_/.test(event.type) && event.userId) this.forget(event.userId);
  }
}
