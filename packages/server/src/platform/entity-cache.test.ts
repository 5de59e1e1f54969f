import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HeldReads, settled } from "../testing/held-reads.js";
import { EntityCache } from "./entity-cache.js";

interface State {
  readonly version: number;
}

/** A store of versions, a cache before it, and the reads between them in the test's hands. */
function setUp(options: { max?: number } = {}) {
  const store = new Map<string, State>([
    ["a", { version: 1 }],
    ["b", { version: 1 }],
  ]);
  const reads = new HeldReads();
  const loaded: string[] = [];
  const cache = new EntityCache<State>({
    max: options.max ?? 100,
    load: (id) => {
      loaded.push(id);
      return reads.read(() => store.get(id) ?? null);
    },
  });
  return { cache, store, reads, loaded };
}

describe("what is remembered", () => {
  test("an entity is read once, then remembered without any promise", async () => {
    const { cache, reads, loaded } = setUp();
    expect(cache.peek("a")).toBeUndefined();
    const first = cache.get("a");
    await reads.answerAll();
    expect(await first).toEqual({ version: 1 });
    expect(cache.peek("a")).toBe(await first);
    expect(await cache.get("a")).toBe(await first);
    expect(loaded).toEqual(["a"]);
  });

  test("however many ask at once, one read answers them all", async () => {
    const { cache, reads, loaded } = setUp();
    const answers = Array.from({ length: 50 }, () => cache.get("a"));
    await reads.answerAll();
    expect(new Set(await Promise.all(answers)).size).toBe(1);
    expect(loaded).toEqual(["a"]);
  });

  test("what the store does not have is not remembered", async () => {
    const { cache, store, reads, loaded } = setUp();
    const first = cache.get("c");
    await reads.answerAll();
    expect(await first).toBeNull();
    store.set("c", { version: 1 });
    const second = cache.get("c");
    await reads.answerAll();
    expect(await second).toEqual({ version: 1 });
    expect(loaded).toEqual(["c", "c"]);
  });

  test("a read that fails reaches all who wait for it, and the next who asks reads again", async () => {
    const { cache, reads } = setUp();
    const answers = Promise.allSettled([cache.get("a"), cache.get("a")]);
    await reads.fail();
    expect((await answers).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const next = cache.get("a");
    await reads.answerAll();
    expect(await next).toEqual({ version: 1 });
  });

  test("a load that throws at once is a read that failed", async () => {
    let away = true;
    const cache = new EntityCache<State>({
      max: 1,
      load: () => {
        if (away) throw new Error("the store is away");
        return Promise.resolve({ version: 1 });
      },
    });
    await expect(cache.get("a")).rejects.toThrow("the store is away");
    away = false;
    expect(await cache.get("a")).toEqual({ version: 1 });
  });

  test("of more entities than fit, the least recently used goes first", async () => {
    const { cache, store, reads } = setUp({ max: 2 });
    store.set("c", { version: 1 });
    for (const id of ["a", "b"]) {
      void cache.get(id);
      await reads.answerAll();
    }
    cache.peek("a");
    void cache.get("c");
    await reads.answerAll();
    expect([cache.peek("a"), cache.peek("b"), cache.peek("c")].map((state) => state !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
    expect(cache.size).toBe(2);
  });
});

test("forgetWhere forgets those that are so, and no others", async () => {
  const { cache, store, reads } = setUp();
  store.set("b", { version: 2 });
  for (const id of ["a", "b"]) {
    void cache.get(id);
    await reads.answerAll();
  }
  cache.forgetWhere(({ version }) => version === 1);
  expect([cache.peek("a"), cache.peek("b")]).toEqual([undefined, { version: 2 }]);
});

describe("a change that comes while a read is under way", () => {
  test.for(["forget", "forgetWhere", "forgetAll"] as const)(
    "%s: the old state is neither answered nor kept",
    async (how) => {
      const { cache, store, reads, loaded } = setUp();
      const asked = cache.get("a");
      reads.look();
      store.set("a", { version: 2 });
      if (how === "forget") cache.forget("a");
      else if (how === "forgetWhere") cache.forgetWhere(({ version }) => version === 1);
      else cache.forgetAll();
      await reads.answer();
      expect(cache.peek("a")).toBeUndefined();
      await reads.answerAll();
      expect(await asked).toEqual({ version: 2 });
      expect(cache.peek("a")).toEqual({ version: 2 });
      expect(loaded).toEqual(["a", "a"]);
    },
  );

  test("whoever asks after the change does not wait for the read that began before it", async () => {
    const { cache, store, reads } = setUp();
    const before = cache.get("a");
    reads.look();
    store.set("a", { version: 2 });
    cache.forget("a");
    const after = cache.get("a");
    await reads.answer(1);
    expect(await after).toEqual({ version: 2 });
    // The slow read comes last, with the state of before the change.
    await reads.answer(0);
    expect(await before).toEqual({ version: 2 });
    expect(cache.peek("a")).toEqual({ version: 2 });
  });

  test("another entity's read goes on", async () => {
    const { cache, reads, loaded } = setUp();
    const asked = cache.get("a");
    cache.forget("b");
    await reads.answerAll();
    expect(await asked).toEqual({ version: 1 });
    expect(loaded).toEqual(["a"]);
  });

  test("a failing read does not take the place of the one that began after the change", async () => {
    const { cache, store, reads, loaded } = setUp();
    const before = cache.get("a").catch((error: Error) => error.message);
    store.set("a", { version: 2 });
    cache.forget("a");
    const after = cache.get("a");
    await reads.fail(0);
    expect(await before).toBe("the store is away");
    const joined = cache.get("a");
    await reads.answerAll();
    expect(await Promise.all([after, joined])).toEqual([{ version: 2 }, { version: 2 }]);
    expect(loaded).toEqual(["a", "a"]);
  });
});

describe("reading many at once", () => {
  const everything = (store: Map<string, State>, reads: HeldReads) => () => reads.read(() => [...store]);

  test("remembers all of them", async () => {
    const { cache, store, reads, loaded } = setUp();
    const done = cache.getMany(everything(store, reads));
    await reads.answerAll();
    await done;
    expect([cache.peek("a"), cache.peek("b")]).toEqual([{ version: 1 }, { version: 1 }]);
    expect(loaded).toEqual([]);
  });

  test.for(["forget", "forgetWhere", "forgetAll"] as const)("%s meanwhile: what changed is left out", async (how) => {
    const { cache, store, reads } = setUp();
    const done = cache.getMany(everything(store, reads));
    reads.look();
    store.set("a", { version: 2 });
    if (how === "forget") cache.forget("a");
    else if (how === "forgetWhere") cache.forgetWhere(({ version }) => version === 1);
    else cache.forgetAll();
    await reads.answerAll();
    await done;
    expect(cache.peek("a")).toBeUndefined();
    expect(cache.peek("b")).toEqual(how === "forget" ? { version: 1 } : undefined);
  });

  test("does not put an older state in the place of one that was read after a change", async () => {
    const { cache, store, reads } = setUp();
    const done = cache.getMany(everything(store, reads));
    reads.look();
    store.set("a", { version: 2 });
    cache.forget("a");
    const asked = cache.get("a");
    await reads.answer(1);
    await reads.answerAll();
    await done;
    expect(await asked).toEqual({ version: 2 });
    expect(cache.peek("a")).toEqual({ version: 2 });
  });

  test("a failure leaves nothing behind", async () => {
    const { cache, store, reads } = setUp();
    const done = cache.getMany(everything(store, reads)).catch((error: Error) => error.message);
    await reads.fail();
    expect(await done).toBe("the store is away");
    cache.forget("a");
    expect(cache.size).toBe(0);
  });
});

type Step =
  | { readonly do: "get" | "change" | "tell"; readonly id: string }
  | { readonly do: "look" | "answer" | "fail"; readonly read: number }
  | { readonly do: "getMany" | "gap" };

// Few things, so that what is done to one of them meets what is done to it otherwise.
const id = fc.constantFrom("a", "b");
const read = fc.nat(2);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant("get" as const), id }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("change" as const, "tell" as const), id }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("look" as const, "answer" as const), read }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("fail" as const), read }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("getMany" as const, "gap" as const) }) },
  ),
  { minLength: 10, maxLength: 60, size: "max" },
);

test("whatever reads, changes and failures come between each other, no state from before a told change is ever answered", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (story) => {
      const { cache, store, reads } = setUp();
      /** The oldest version that may still be answered: the one of the last change that was told. */
      const told = new Map([...store].map(([id, { version }]) => [id, version]));
      const versionOf = (id: string) => store.get(id)?.version ?? 0;
      const tell = (id: string) => told.set(id, versionOf(id));
      const answers: Promise<void>[] = [];
      const run = {
        get: ({ id }) => {
          const oldest = told.get(id);
          const check = (state: State | null) => expect(state?.version).toBeGreaterThanOrEqual(oldest ?? 0);
          answers.push(cache.get(id).then(check, (error: Error) => expect(error.message).toBe("the store is away")));
        },
        change: ({ id }) => store.set(id, { version: versionOf(id) + 1 }),
        tell: ({ id }) => {
          cache.forget(id);
          tell(id);
        },
        look: ({ read }) => reads.look(read % Math.max(1, reads.waiting)),
        answer: ({ read }) => reads.answer(read % Math.max(1, reads.waiting)),
        fail: ({ read }) => reads.fail(read % Math.max(1, reads.waiting)),
        getMany: () => void cache.getMany(() => reads.read(() => [...store])).catch(() => {}),
        gap: () => {
          cache.forgetAll();
          for (const id of store.keys()) tell(id);
        },
      } as { [Do in Step["do"]]: (step: Extract<Step, { do: Do }>) => unknown };

      for (const step of story) {
        await run[step.do](step as never);
        await settled();
        for (const id of store.keys()) {
          expect(cache.peek(id)?.version ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(told.get(id) ?? 0);
        }
      }
      await reads.answerAll();
      await Promise.all(answers);
      for (const id of store.keys()) {
        cache.forget(id);
        const last = cache.get(id);
        await reads.answerAll();
        expect(await last).toEqual(store.get(id));
      }
    }),
    { numRuns: 400 },
  );
});
