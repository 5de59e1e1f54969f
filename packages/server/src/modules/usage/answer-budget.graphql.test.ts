import { type FieldNode, type FragmentDefinitionNode, Kind, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { AnswerBudget, budgetOf, countLeaves, maxNumbersOfRequest } from "./answer-budget.graphql.js";

/** Leaves below the first field of a document. */
function leavesOf(document: string, lengths: Record<string, number> = {}): number {
  const { definitions } = parse(document);
  const fragments: Record<string, FragmentDefinitionNode> = {};
  const fieldNodes: FieldNode[] = [];
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
    if (definition.kind === Kind.OPERATION_DEFINITION) {
      fieldNodes.push(...(definition.selectionSet.selections as FieldNode[]));
    }
  }
  return countLeaves({ fieldNodes, fragments }, lengths);
}

describe("the numbers that a selection asks for", () => {
  test("are its leaves, as often as the lists around them are long, under each of its names", () => {
    const lengths = { series: 10, values: 24, points: 24, starts: 24 };
    expect(leavesOf("{ usage { totalSeries totals { count cost } } }", lengths)).toBe(3);
    expect(leavesOf("{ usage { starts series { values } } }", lengths)).toBe(24 + 240);
    expect(leavesOf("{ usage { series { a: values b: values c: group { keyId } } } }", lengths)).toBe(490);
    expect(leavesOf("{ usage { series { points { start metrics { count valid } } } } }", lengths)).toBe(720);
    expect(leavesOf("{ usage { ... { series { ...S ...S } } } } fragment S on UsageSeries { values }", lengths)).toBe(
      480,
    );
  });

  test("are counted in no time, however often fragments hold fragments", () => {
    const fragments = Array.from(
      { length: 50 },
      (_, index) => `fragment F${index} on T { ...F${index + 1} ...F${index + 1} }`,
    );
    expect(leavesOf(`{ usage { ...F0 } } ${fragments.join(" ")} fragment F50 on T { count }`)).toBe(2 ** 50);
  });
});

describe("the budget of a request", () => {
  test("is shared by all that have the request's signal, and by no others", () => {
    const { signal } = new AbortController();
    expect(budgetOf({ signal })).toBe(budgetOf({ signal }));
    expect(budgetOf({ signal: new AbortController().signal })).not.toBe(budgetOf({ signal }));
  });

  test("large reports are asked one after the other, and none after one that was too much", async () => {
    const budget = new AnswerBudget();
    const asked: string[] = [];
    let running = 0;
    const ask = (name: string, numbers: number) =>
      budget.report(
        true,
        async () => {
          asked.push(name);
          running += 1;
          expect(running).toBe(1);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
          return name;
        },
        () => numbers,
      );
    const answers = await Promise.allSettled([
      ask("first", maxNumbersOfRequest / 2),
      ask("second", maxNumbersOfRequest / 2),
      ask("third", 1),
      ask("fourth", 1),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "rejected"]);
    expect(asked).toEqual(["first", "second", "third"]);
  });

  test("a report that fails costs nothing and stops no other", async () => {
    const budget = new AnswerBudget(1);
    const failing = budget.report(
      true,
      () => Promise.reject(new Error("failed")),
      () => 1,
    );
    const next = budget.report(
      true,
      async () => "next",
      () => 1,
    );
    await expect(failing).rejects.toThrow("failed");
    await expect(next).resolves.toBe("next");
  });

  test("what is handed out in numbers lets others have their turn in between", async () => {
    const budget = new AnswerBudget();
    expect(budget.pace(1_000)).toBeUndefined();
    let turns = 0;
    const count = (): void => {
      turns += 1;
      if (turns < 100) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(Array.from({ length: 100 }, () => budget.pace(10_000)));
    expect(turns).toBeGreaterThan(20);
  });
});
