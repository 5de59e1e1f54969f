/**
 * Many verifiers in a process of their own, of which each says when it first refused a key.
 *
 * @param argv.kind one of `verifierKinds`.
 * @param argv.count how many.
 * @param argv.targets where, in turn, as JSON.
 */
import { type Target, type Verifier, verifierKinds, type WatchedKey } from "./verifier.js";

const [, , kind = "", count = "0", targetsText = "[]"] = process.argv;
const targets = JSON.parse(targetsText) as Target[];
const start = verifierKinds[kind];
if (!start) throw new Error(`no kind of verifier: ${kind}`);

/** When each verifier refused a key, in milliseconds by the clock that all processes of this machine share. */
const refusals = new Map<string, number[]>();
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

const verifiers: Verifier[] = [];
for (let index = 0; index < Number(count); index++) {
  const heard = new Set<string>();
  const refused = (keyId: string): void => {
    if (heard.has(keyId)) return;
    heard.add(keyId);
    const times = refusals.get(keyId) ?? [];
    refusals.set(keyId, times);
    times.push(now());
  };
  verifiers.push(await start(targets[index % targets.length] as Target, refused));
}
process.send?.("ready");

process.on("message", (message: { know?: WatchedKey[]; refusalsOf?: string }) => {
  const { know, refusalsOf } = message;
  if (know) learn(know).then(() => process.send?.("known"), fail);
  if (refusalsOf) process.send?.(refusals.get(refusalsOf) ?? []);
});
process.on("disconnect", () => process.exit(0));

/** A few at a time: a server that all ask at once answers some of them too late. */
async function learn(keys: readonly WatchedKey[]): Promise<void> {
  const waiting = verifiers.values();
  const next = async (): Promise<void> => {
    for (const verifier of waiting) await verifier.know(keys);
  };
  await Promise.all(Array.from({ length: 8 }, next));
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}
