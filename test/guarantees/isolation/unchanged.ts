import { type AnyField, callOf, everyRootField, type Own } from "../../testkit/any-call.js";
import { sendGraphql, type World } from "../../testkit/index.js";
import { everyRow } from "../../testkit/rows.js";
import { accessOf, mayCall } from "./callers.js";
import type { Someone } from "./holders.js";
import { inParts, sendBatch } from "./leaks.js";

/** What ends or begins something that goes on beside the answer. */
const elsewhere: readonly string[] = [
  // Whoever asks is not known afterwards.
  "signOut",
  "signOutEverywhere",
  // test/api/integrity.
  "checkIntegrity",
];

/** What a refusal may write: that somebody has guessed a password wrong. */
const countsRefusals = /^AttemptCount /;

const mutations = everyRootField().filter(
  ({ parent, field }) => parent.name === "Mutation" && !elsewhere.includes(field.name),
);

/** Every row of the database that no refusal may change. */
export async function rowsOfAll({ server }: World): Promise<string[]> {
  return (await everyRow(server)).filter((row) => !countsRefusals.test(row));
}

function callTo(field: AnyField, own: Own) {
  return callOf(field, own, {}, field.field.name === "verifyKey" ? "{ valid }" : "{ ... on Error { code } }");
}

/** What the registry of permissions does not let somebody do, asked with ids of what there is. @returns how much that is. */
export async function askForbidden(world: World, someone: Someone, own: Own): Promise<number> {
  const forbidden = mutations.filter((field) => !mayCall(field.name, accessOf(field), someone));
  const { token } = someone;
  for (const part of inParts(forbidden)) {
    const calls = part.map((field) => callTo(field, own));
    if (someone.permissions) await sendBatch({ url: world.url, token }, calls);
    else await Promise.all(calls.map((call) => sendGraphql(world.url, token, call.document, call.variables)));
  }
  return forbidden.length;
}

interface Asked {
  readonly field: AnyField;
  /** null: it succeeded. */
  readonly code: string | null;
  readonly requestId: string;
}

async function ask(world: World, { token }: Someone, field: AnyField, own: Own): Promise<Asked> {
  const { document, variables } = callTo(field, own);
  const { body, headers } = await sendGraphql(world.url, token, document, variables);
  const code = body.errors?.[0]?.extensions.code ?? body.data?.[field.field.name]?.code ?? null;
  return { field, code, requestId: headers.get("x-request-id") ?? "" };
}

/** What calls have changed, by the audit log, each as a sentence. */
async function changesOf(world: World, asked: readonly Asked[]): Promise<string[]> {
  const calls = new Map(asked.map((each) => [each.requestId, each]));
  if (calls.size !== asked.length) throw new Error("answers do not say which request they are of");
  const { prisma } = world.server.keyplane.database;
  const found = await prisma.auditRecord.findMany({ where: { requestId: { in: [...calls.keys()] } } });
  return found.map(({ requestId, action }) => {
    const call = calls.get(requestId);
    return `${call?.field.name} answered ${call?.code}, and did ${action}`;
  });
}

/**
 * What somebody is refused for another reason than its permissions, and what has changed all the same, each as a sentence. Asked is every
 * mutation that it may call. What is refused is looked for in the audit log by its request; then it is asked again, and no row of the
 * database may be another one.
 */
export async function changedByRefusals(
  world: World,
  someone: Someone,
  own: Own,
): Promise<{ readonly refused: number; readonly wrong: readonly string[] }> {
  const askAll = async (fields: readonly AnyField[]) => {
    const asked: Asked[] = [];
    for (const field of fields) asked.push(await ask(world, someone, field, own));
    return asked.filter(({ code }) => code !== null);
  };
  let refused = await askAll(mutations.filter((field) => mayCall(field.name, accessOf(field), someone)));
  const wrong = await changesOf(world, refused);
  // What the calls after it made possible is refused no more when it is asked again.
  for (let round = 0; round < 4; round++) {
    if (refused.length === 0) return { refused: 0, wrong };
    const before = new Set(await rowsOfAll(world));
    const again = await askAll(refused.map(({ field }) => field));
    const isSame = again.length === refused.length;
    refused = again;
    if (!isSame) continue;
    const written = (await rowsOfAll(world)).filter((row) => !before.has(row));
    if (written.length > 0) wrong.push(...(await changesOf(world, refused)), ...written.map((row) => `wrote ${row}`));
    return { refused: refused.length, wrong: [...new Set(wrong)].map((each) => `${someone.who}: ${each}`) };
  }
  throw new Error(`${someone.who}: what is refused succeeds when it is asked again, and again`);
}
