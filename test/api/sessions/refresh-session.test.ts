import { hash } from "node:crypto";
import { generateKey } from "@keyplane/schema";
import fc from "fast-check";
import { day, describe, expect, ok, second, test, type World } from "../../testkit/index.js";

const refresh = (world: World, refreshToken: string) => world.anonymous.account("refreshSession", { refreshToken });
const refused = { __typename: "InvalidCredentialsError", code: "INVALID_CREDENTIALS" };

async function begin(world: World) {
  const { tenant } = await world.tenant();
  const user = await world.user(tenant.id);
  return { tenant, user, ...(await world.signIn(user)) };
}

/** The state of a session, and how many of its refresh tokens would be accepted as new. */
async function stateOf(world: World, sessionId: string) {
  const { prisma } = world.server.keyplane.database;
  const [session, tokens] = await Promise.all([
    prisma.session.findUniqueOrThrow({ where: { id: sessionId } }),
    prisma.refreshToken.findMany({ where: { sessionId, usedAt: null } }),
  ]);
  return { hasEnded: session.endedAt !== null, reason: session.endedReason, unused: tokens.map((token) => token.hash) };
}

describe("refreshSession", () => {
  test("gives a new pair of tokens; the session stays the same", async ({ world }) => {
    const { session, refreshToken, user } = await begin(world);
    world.clock.advance(second);
    const next = ok(await refresh(world, refreshToken));
    expect(next.session).toMatchObject({ id: session.id, createdAt: session.createdAt, expiresAt: session.expiresAt });
    expect(next.session.refreshedAt).toBe(world.clock.in(0));
    expect(next.refreshToken).not.toBe(refreshToken);
    const { viewer } = await world.as(next.accessToken).query("{ viewer { userId } }");
    expect(viewer.userId).toBe(user.id);
  });

  test("answers a retry whose first answer was lost with the same successor", async ({ world }) => {
    const { refreshToken, session } = await begin(world);
    const first = ok(await refresh(world, refreshToken));
    world.clock.advance(10 * second);
    const again = ok(await refresh(world, refreshToken));
    expect(again.refreshToken).toBe(first.refreshToken);
    expect(await stateOf(world, session.id)).toMatchObject({
      hasEnded: false,
      unused: [hash("sha256", first.refreshToken)],
    });
    ok(await refresh(world, first.refreshToken));
  });

  test("of a used token, later than that, ends the session for everybody, and the audit log says why", async ({
    world,
  }) => {
    const { tenant, refreshToken, session } = await begin(world);
    const stolen = ok(await refresh(world, refreshToken));
    world.clock.advance(10 * second + 1);
    expect(await refresh(world, refreshToken)).toMatchObject(refused);
    expect(await refresh(world, stolen.refreshToken)).toMatchObject(refused);
    await expect(world.as(stolen.accessToken).query("{ viewer { id } }")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    const { auditLog } = await world.root.query(
      "query ($tenantId: ID!) { auditLog(tenantId: $tenantId, first: 1) { nodes { action targetId reason actorType } } }",
      { tenantId: tenant.id },
    );
    expect(auditLog.nodes).toEqual([
      {
        action: "session.ended",
        targetId: session.id,
        actorType: "system",
        reason: expect.stringContaining("may be stolen"),
      },
    ]);
  });

  test("of a used token whose successor was used ends the session at once", async ({ world }) => {
    const { refreshToken, session } = await begin(world);
    const second = ok(await refresh(world, refreshToken));
    ok(await refresh(world, second.refreshToken));
    expect(await refresh(world, refreshToken)).toMatchObject(refused);
    expect((await stateOf(world, session.id)).hasEnded).toBe(true);
  });

  test("at the same moment, twice, gives both the same", async ({ world }) => {
    const { refreshToken, session } = await begin(world);
    const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(world, refreshToken)));
    expect(new Set(answers.map((answer) => ok(answer).refreshToken)).size).toBe(1);
    expect((await stateOf(world, session.id)).unused).toHaveLength(1);
  });

  test("a session that nobody renews ends after 30 days, one that is renewed after 90", async ({ world }) => {
    const idle = await begin(world);
    expect(idle.refreshTokenExpiresAt).toBe(world.clock.in(30 * day));
    let { refreshToken } = await begin(world);
    for (let month = 0; month < 3; month++) {
      world.clock.advance(30 * day - 1);
      const next = ok(await refresh(world, refreshToken));
      refreshToken = next.refreshToken;
    }
    expect(await refresh(world, idle.refreshToken)).toMatchObject(refused);
    world.clock.advance(3);
    expect(await refresh(world, refreshToken)).toMatchObject(refused);
  });

  test("what is no refresh token is refused in the same words, whatever it is", async ({ world }) => {
    const { accessToken } = await begin(world);
    const unknown = await refresh(world, generateKey({ prefix: "kprefresh", environment: "LIVE" }).secret);
    expect(unknown).toMatchObject(refused);
    for (const text of ["", "x", world.server.rootToken, generateKey({ prefix: "kp", environment: "LIVE" }).secret]) {
      expect(await refresh(world, text)).toEqual(unknown);
    }
    expect(await refresh(world, accessToken)).toMatchObject({ code: "INVALID_INPUT" });
  });

  test("whatever order tokens are used in, no two work, and reuse outside the window leaves no session", async ({
    world,
  }) => {
    const step = fc.record({ token: fc.nat(5), waitMs: fc.constantFrom(0, 0, 9_000, 11_000), twice: fc.boolean() });
    const { tenant } = await world.tenant();
    const user = await world.user(tenant.id);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 7 }), async (steps) => {
        const { session, refreshToken } = await world.signIn(user);
        // What the rule says must happen, told by hand.
        const tokens = [refreshToken];
        const usedAt = new Map<number, number>();
        let hasEnded = false;
        for (const { token, waitMs, twice } of steps) {
          world.clock.advance(waitMs);
          const index = Math.min(token, tokens.length - 1);
          for (let time = 0; time < (twice ? 2 : 1); time++) {
            const answer = await refresh(world, tokens[index] ?? "");
            const used = usedAt.get(index);
            const isNew = used === undefined;
            const isRetry = !isNew && !usedAt.has(index + 1) && world.clock.now() - used <= 10_000;
            if (!hasEnded && isNew) {
              usedAt.set(index, world.clock.now());
              tokens.push(ok(answer).refreshToken);
            } else if (!hasEnded && isRetry) expect(ok(answer).refreshToken).toBe(tokens[index + 1]);
            else {
              hasEnded = true;
              expect(answer).toMatchObject(refused);
            }
            const state = await stateOf(world, session.id);
            expect(state.hasEnded).toBe(hasEnded);
            expect(state.unused.length).toBe(1);
          }
        }
        if (!hasEnded) ok(await refresh(world, tokens.at(-1) ?? ""));
        else for (const each of tokens) expect(await refresh(world, each)).toMatchObject(refused);
      }),
      { numRuns: 12 },
    );
  });
});
