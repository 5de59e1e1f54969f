import { Prisma } from "./_generated/client.js";

/** What exists already: a combination of fields of a model. */
export interface UniqueViolation {
  readonly model: string;
  readonly fields: readonly string[];
}

/**
 * Whether the database refused a write because these fields of this model, all of them and no others, would no longer be
 * unique. The order of the fields does not count.
 */
export function isUniqueViolation(error: unknown, model: Prisma.ModelName, fields: readonly string[]): boolean {
  const violation = uniqueViolation(error);
  return violation?.model === model && [...violation.fields].sort().join() === [...fields].sort().join();
}

/**
 * What a write would have made twice; null when that is not why it failed. The drivers tell it in different ways,
 * PGlite's names the fields and pg's the index, so this is the one place that knows both.
 */
export function uniqueViolation(error: unknown): UniqueViolation | null {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError) || error.code !== "P2002") return null;
  const meta = error.meta as Meta | undefined;
  const constraint = meta?.driverAdapterError?.cause?.constraint;
  if (constraint?.index) return fromIndex(constraint.index);
  return { model: meta?.modelName ?? "", fields: constraint?.fields?.map((field) => field.replaceAll('"', "")) ?? [] };
}

interface Meta {
  readonly modelName?: string;
  readonly driverAdapterError?: {
    readonly cause?: { readonly constraint?: { readonly fields?: readonly string[]; readonly index?: string } };
  };
}

/** Prisma names an index `Model_field_field_key` and a primary key `Model_pkey`; none of our names has an underscore. */
function fromIndex(index: string): UniqueViolation {
  const [model = "", ...fields] = index.split("_");
  return { model, fields: fields.pop() === "pkey" ? primaryKeyOf(model) : fields };
}

/** The first field of each of our models is its primary key; a test compares that with the database. */
function primaryKeyOf(model: string): string[] {
  const fields = (Prisma as unknown as Record<string, Record<string, string> | undefined>)[`${model}ScalarFieldEnum`];
  return Object.keys(fields ?? {}).slice(0, 1);
}
