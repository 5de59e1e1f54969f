import type { Caller } from "../caller.js";
import { day, describe, expect, ok, test } from "../index.js";
import type { World } from "../world.js";

/** A mutation that creates something, ready to be called again and again. */
export interface CreationStory {
  readonly caller: Caller;
  /** Another caller who may do the same. */
  readonly colleague: Caller;
  /** A valid input, new at every call. */
  input(): Record<string, unknown>;
  /** The same input, said in another way: other order of the fields, nulls, spaces around. */
  reworded(input: Record<string, unknown>): Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  send(caller: Caller, input: Record<string, unknown>): Promise<any>;
  /** How many things there are of the kind. */
  count(): Promise<number>;
}

/** What every mutation with an idempotencyKey promises; what one with a secret promises besides is in the mutation's own test. */
export function promisesOfRetries(mutation: string, begin: (world: World) => Promise<CreationStory>): void {
  describe(`${mutation}: retries`, () => {
    test("with the same idempotencyKey get the first answer, and nothing happens twice", async ({ world }) => {
      const { caller, input, reworded, send, count } = await begin(world);
      const attempt = { ...input(), idempotencyKey: world.unique() };
      const first = ok(await send(caller, attempt));
      const created = await count();
      world.clock.advance(60_000);
      expect(await send(caller, attempt)).toEqual(first);
      expect(await send(caller, reworded(attempt))).toEqual(first);
      expect(await count()).toBe(created);
    });

    test("at the same time happen once and all get the same answer", async ({ world }) => {
      const { caller, input, send, count } = await begin(world);
      const before = await count();
      const attempt = { ...input(), idempotencyKey: world.unique() };
      const [first, ...others] = await Promise.all(Array.from({ length: 5 }, () => send(caller, attempt)));
      ok(first);
      for (const other of others) expect(other).toEqual(first);
      expect(await count()).toBe(before + 1);
    });

    test("with another input are refused and change nothing", async ({ world }) => {
      const { caller, input, send, count } = await begin(world);
      const idempotencyKey = world.unique();
      ok(await send(caller, { ...input(), idempotencyKey }));
      const created = await count();
      expect(await send(caller, { ...input(), idempotencyKey })).toMatchObject({
        __typename: "ConflictError",
        code: "CONFLICT",
        message: expect.stringContaining("use a new idempotencyKey"),
      });
      expect(await count()).toBe(created);
    });

    test("do not meet another caller's idempotencyKey", async ({ world }) => {
      const { caller, colleague, input, send, count } = await begin(world);
      const idempotencyKey = world.unique();
      ok(await send(caller, { ...input(), idempotencyKey }));
      const created = await count();
      ok(await send(colleague, { ...input(), idempotencyKey }));
      expect(await count()).toBe(created + 1);
    });

    test("may correct an input that was refused", async ({ world }) => {
      const { caller, input, send } = await begin(world);
      const idempotencyKey = world.unique();
      const refused = await send(caller, { ...input(), name: "", idempotencyKey });
      expect(refused).toMatchObject({ code: "INVALID_INPUT", issues: [{ path: ["name"] }] });
      ok(await send(caller, { ...input(), idempotencyKey }));
    });

    test("are new attempts after 24 hours", async ({ world }) => {
      const { caller, input, send, count } = await begin(world);
      const idempotencyKey = world.unique();
      ok(await send(caller, { ...input(), idempotencyKey }));
      world.clock.advance(day - 1);
      expect(await send(caller, { ...input(), idempotencyKey })).toMatchObject({ code: "CONFLICT" });
      const created = await count();
      world.clock.advance(1);
      const again = { ...input(), idempotencyKey };
      const [first, second] = await Promise.all([send(caller, again), send(caller, again)]);
      expect(second).toEqual(ok(first));
      expect(await count()).toBe(created + 1);
    });

    test.for([
      { what: "an empty one", idempotencyKey: "" },
      { what: "one of 129 characters", idempotencyKey: "x".repeat(129) },
      { what: "one with a space", idempotencyKey: "a b" },
      { what: "one with a NUL", idempotencyKey: "a\0b" },
      { what: "one that is not ASCII", idempotencyKey: "clé" },
    ])("$what for an idempotencyKey is refused", async ({ idempotencyKey }, { world }) => {
      const { caller, input, send } = await begin(world);
      const refused = await send(caller, { ...input(), idempotencyKey });
      expect(refused).toMatchObject({ code: "INVALID_INPUT" });
      for (const issue of refused.issues) expect(issue.path).toEqual(["idempotencyKey"]);
    });
  });
}
