import { KeyplaneError } from "../../platform/errors.js";
import type { RoleState, RoleStates } from "../roles/index.js";
import type { TenantState, TenantStates } from "../tenants/index.js";
import type { UserState, UserStates } from "./users.reads.js";

/** Tries to put a credential together of states that change meanwhile; more would be a fault. */
const maxAttempts = 20;

/** What a credential hangs on, by id; null: on none. */
export interface HangsOn {
  readonly tenantId: string | null;
  readonly userId: string | null;
  /** Its own custom role, beside that of its user. */
  readonly customRoleId: string | null;
}

/** What a credential hangs on, as it is at one moment; null: on none. */
export interface Standing {
  readonly tenant: TenantState | null;
  readonly user: UserState | null;
  readonly role: RoleState | null;
  readonly userRole: RoleState | null;
}

/**
 * Puts together what credentials of all kinds hang on. Each part is remembered by itself until an event names it, so that a change of
 * one forgets nothing else; what is answered is of one moment, after the last change of any of them.
 */
export class Standings {
  readonly #tenants: TenantStates;
  readonly #users: UserStates;
  readonly #roles: RoleStates;
  readonly #composed = new WeakMap<object, Standing & { readonly subject: object; readonly made: unknown }>();

  constructor(deps: { tenantStates: TenantStates; userStates: UserStates; roleStates: RoleStates }) {
    this.#tenants = deps.tenantStates;
    this.#users = deps.userStates;
    this.#roles = deps.roleStates;
  }

  /** From memory alone; undefined when something is not remembered. */
  peek({ tenantId, userId, customRoleId }: HangsOn): Standing | undefined {
    const tenant = tenantId === null ? null : this.#tenants.peek(tenantId);
    const user = userId === null ? null : this.#users.peek(userId);
    if (tenant === undefined || user === undefined) return undefined;
    const role = customRoleId === null ? null : this.#roles.peek(customRoleId);
    const userRole = user?.customRoleId == null ? null : this.#roles.peek(user.customRoleId);
    if (role === undefined || userRole === undefined) return undefined;
    return { tenant, user, role, userRole };
  }

  /**
   * What was made of a subject and all that it hangs on: the same object for as long as none of them changes.
   *
   * @param presented what was shown, by which it is kept: the subject itself, or the claims of one of its tokens.
   */
  make<Subject extends HangsOn, Made>(
    presented: object,
    subject: Subject,
    make: (subject: Subject, standing: Standing) => Made,
  ): Made | undefined {
    const standing = this.peek(subject);
    if (!standing) return undefined;
    const known = this.#composed.get(presented);
    const { tenant, user, role, userRole } = standing;
    const isCurrent =
      known?.subject === subject &&
      known.tenant === tenant &&
      known.user === user &&
      known.role === role &&
      known.userRole === userRole;
    if (isCurrent) return known.made as Made;
    const made = make(subject, standing);
    this.#composed.set(presented, { ...standing, subject, made });
    return made;
  }

  /**
   * Reads what is not remembered, and again where something changed meanwhile.
   *
   * @param read the subject as it is now; null when there is none.
   * @param peek what is made of it, from memory alone.
   * @returns null also when its tenant or user is missing: it opens nothing.
   * @throws KeyplaneError UNAVAILABLE when it changes all the time.
   */
  async find<Made>(read: () => Promise<HangsOn | null>, peek: () => Made | undefined): Promise<Made | null> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const subject = await read();
      if (!subject || !(await this.#load(subject))) return null;
      const found = peek();
      if (found !== undefined) return found;
    }
    throw new KeyplaneError("UNAVAILABLE", "Who this token acts for was being changed all the time. Try again.");
  }

  /** What something hangs on, read where it is not remembered. @returns null when its tenant or user is missing. */
  async get(subject: HangsOn): Promise<Standing | null> {
    return (
      this.peek(subject) ??
      this.find(
        async () => subject,
        () => this.peek(subject),
      )
    );
  }

  /** @returns false when the tenant or user is missing. A role that went is found out by whoever looks then. */
  async #load({ tenantId, userId, customRoleId }: HangsOn): Promise<boolean> {
    const [tenant, user] = await Promise.all([
      tenantId === null ? null : this.#tenants.get(tenantId),
      userId === null ? null : this.#users.get(userId),
    ]);
    if ((tenantId !== null && !tenant) || (userId !== null && !user)) return false;
    await Promise.all([
      customRoleId === null ? null : this.#roles.get(customRoleId),
      user?.customRoleId == null ? null : this.#roles.get(user.customRoleId),
    ]);
    return true;
  }
}
