import { permissionsOf } from "@keyplane/schema";
import { day, describe, expect, test } from "../../testkit/index.js";

const everything = "{ viewer { id name role permissions expiresAt tenant { id } user { id } } }";
const enumName = (permission: string) => permission.replace(":", "_").toUpperCase();

describe("viewer", () => {
  test("the root token is ADMIN of the whole installation, with every permission there is", async ({ world }) => {
    expect((await world.root.query(everything)).viewer).toEqual({
      id: expect.stringMatching(/^tok_[0-9A-Za-z]{24}$/),
      name: "root",
      role: "ADMIN",
      permissions: permissionsOf("ADMIN").map(enumName),
      expiresAt: null,
      tenant: null,
      user: null,
    });
  });

  test("tells of the tenant, the user and the end of the token", async ({ world }) => {
    const { tenant, owner } = await world.tenantWithKey();
    const expiresAt = world.clock.in(day);
    const personal = await world.caller("DEVELOPER", { name: "Ada's laptop", userId: owner.id, expiresAt });
    expect((await personal.query(everything)).viewer).toMatchObject({
      name: "Ada's laptop",
      role: "DEVELOPER",
      permissions: permissionsOf("DEVELOPER").map(enumName),
      expiresAt,
      tenant: { id: tenant.id },
      user: { id: owner.id },
    });
  });

  test("is for everyone who is known, also for who may do nothing else", async ({ world }) => {
    const { tenant } = await world.tenant();
    const guest = await world.caller("GUEST", { tenantId: tenant.id });
    expect((await guest.query("{ viewer { role permissions } }")).viewer).toEqual({ role: "GUEST", permissions: [] });
    for (const [field, permission] of [
      ["tenant { id }", "tenants:read"],
      ["user { id }", "users:read"],
    ]) {
      await expect(guest.query(`{ viewer { ${field} } }`)).rejects.toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining(String(permission)),
      });
    }
    await expect(world.anonymous.query("{ viewer { role } }")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
