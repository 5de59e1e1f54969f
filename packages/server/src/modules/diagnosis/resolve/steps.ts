/** The five steps by which a key with an invalid user is mended, in their order. */
export const resolveSteps = {
  IDENTIFY: { description: "Find the key, and the user whom it belongs to." },
  VERIFY: { description: "See that the right user exists and is active; else create or enable them." },
  UPDATE: { description: "Bring the user's details up to date." },
  REISSUE: {
    description:
      "Give the key to that user, with a new secret. The old one stops at once. Not needed where it belongs to that user already.",
  },
  TEST: { description: "Verify the new secret, or the one that the key keeps, as a call would." },
} as const satisfies Record<string, { readonly description: string }>;

export type ResolveStepName = keyof typeof resolveSteps;

/** What became of a step. */
export const stepOutcomes = {
  DONE: { description: "Done; in a plan: would be done." },
  NOT_NEEDED: { description: "There is nothing to change here." },
  FAILED: {
    description:
      "Only of TEST: the call would be refused, for the reason in `detail`. The other steps hold, unless `requireValid` is true.",
  },
  BLOCKED: { description: "Only in a plan: this cannot be done, for the reason in `detail`." },
  NOT_REACHED: { description: "Only in a plan: a step before it is blocked." },
} as const satisfies Record<string, { readonly description: string }>;

export type StepOutcome = keyof typeof stepOutcomes;

/** One step, as it was made or would be. */
export interface ResolveStep {
  readonly name: ResolveStepName;
  readonly outcome: StepOutcome;
  /** The mutation whose permission, audit record and event it has; null where it changes nothing. */
  readonly mutation: string | null;
  readonly detail: string;
  readonly changes: readonly FieldChange[];
}

/** One field that a step changes. */
export interface FieldChange {
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** The fields that differ between two states of a thing, in words. */
export function changesBetween<Field extends string>(
  before: Readonly<Record<Field, string | null>> | null,
  after: Readonly<Record<Field, string | null>>,
  fields: readonly Field[],
): FieldChange[] {
  return fields
    .map((field) => ({ field, before: before?.[field] ?? null, after: after[field] }))
    .filter((change) => change.before !== change.after);
}

/** The rest of a plan behind a step that cannot be made. */
export function notReached(made: readonly ResolveStep[]): ResolveStep[] {
  return (Object.keys(resolveSteps) as ResolveStepName[])
    .slice(made.length)
    .map((name) => ({ name, outcome: "NOT_REACHED", mutation: null, detail: "", changes: [] }));
}

/** The steps of a run that was undone, without what it has made up: the run will make up something else. */
export function withoutMadeUp(steps: readonly ResolveStep[], madeUp: readonly string[]): ResolveStep[] {
  const shown = (text: string): string => madeUp.reduce((rest, each) => rest.replaceAll(each, "new"), text);
  return steps.map(({ detail, changes, ...step }) => ({
    ...step,
    detail: shown(detail),
    changes: changes.map((change) => ({ ...change, after: change.after && shown(change.after) })),
  }));
}
