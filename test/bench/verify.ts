/**
 * `pnpm bench verify`: verifications per second over HTTP on one core, beside what bounds them, interleaved in one run.
 * Figures swing with the machine; the ratios are what to read. (a) takes the way of trusted documents, (e) that of all
 * others, (f) needs no GraphQL at all.
 */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
// Not a part of the SDK's face: the very text that it sends.
import { VerifyKeyDocument } from "../../packages/sdk/src/_generated/documents.js";
import { report } from "./report.js";
import { post, sendLoad } from "./verify/load.js";
import { limitedKeyCount, populate, savePopulation } from "./verify/seed.js";
import { measureStart } from "./verify/start-time.js";

const keyCount = Number(process.env.BENCH_KEYS ?? 100_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const roundMs = Number(process.env.BENCH_ROUND_MS ?? 2_000);
const connections = 32;
/** Long enough for every limited key to be presented several times. */
const leasingMs = 20_000;

const allVariants = [
  "keyplane",
  "constant",
  "bare",
  "stock",
  "mercurius",
  "graphql",
  "plain",
  "few",
  "limited",
] as const;
type Variant = (typeof allVariants)[number];
/** Which of them are measured: all, or those that BENCH_VARIANTS names; the first always is. */
const named = process.env.BENCH_VARIANTS?.split(",");
const variants = allVariants.filter((variant) => variant === "keyplane" || !named || named.includes(variant));
const labels: Record<Variant, string> = {
  keyplane: "(a) Keyplane, verifyKey as the SDK sends it",
  constant: "(b) Yoga with our plugins, a constant field",
  graphql: "(e) Keyplane, verifyKey in another document",
  stock: "(d) Yoga as it comes, the same verifyKey",
  plain: "(f) Keyplane, POST /v1/verify",
  few: "(h) as (a), of 1,000 keys only",
  limited: "(i) as (h), each with a rate limit and a quota",
  mercurius: "(g) mercurius with jit, the same over (c)",
  bare: "(c) bare node:http, JSON + SHA-256 + Map",
};

/** Server on one core, sender on the other, where the system can do that. */
function onCore(core: number): { execPath: string; execArgv: string[] } {
  // Without the condition "source": the compiled server, as `npm start` runs it.
  const flags = ["--import", "tsx"];
  try {
    execFileSync("taskset", ["-c", String(core), "true"], { stdio: "ignore" });
    return { execPath: "taskset", execArgv: ["-c", String(core), process.execPath, ...flags] };
  } catch {
    return { execPath: process.execPath, execArgv: flags };
  }
}

function ask<Answer>(child: ChildProcess, question?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as Answer));
    child.once("exit", (code) => reject(new Error(`a server of the benchmark ended with ${code}`)));
    if (question) child.send(question);
  });
}

const folder = mkdtempSync(join(tmpdir(), "keyplane-bench-"));
const children: ChildProcess[] = [];
try {
  console.log(`Preparing ${keyCount} keys …`);
  const population = populate(keyCount);
  const populationFile = join(folder, "population.json");
  savePopulation(populationFile, population);

  const targets = new Map<
    Variant,
    { child: ChildProcess; port: number; rootToken: string; requests: Buffer[]; expect: string }
  >();
  const inputOf = (secret: string) => ({ key: secret, scopes: ["orders:read"] });
  const sendsVerifyKey = (query: string) => (secret: string) => ({
    query,
    operationName: "VerifyKey",
    variables: { input: inputOf(secret) },
  });
  for (const variant of variants) {
    const keyplane = targets.get("keyplane");
    if (variant === "graphql" && keyplane) {
      // The same server, asked in a text that it does not trust by its hash: all of GraphQL's layers.
      const body = sendsVerifyKey(`${VerifyKeyDocument} `);
      const requests = population.keys.map(({ secret }) => post("/graphql", keyplane.rootToken, body(secret)));
      targets.set(variant, { ...keyplane, requests });
      continue;
    }
    if (variant === "plain" && keyplane) {
      const requests = population.keys.map(({ secret }) => post("/v1/verify", keyplane.rootToken, inputOf(secret)));
      targets.set(variant, { ...keyplane, requests });
      continue;
    }
    if (variant === "few" && keyplane) {
      targets.set(variant, { ...keyplane, requests: keyplane.requests.slice(0, limitedKeyCount) });
      continue;
    }
    const child = fork(fileURLToPath(new URL("verify/server.ts", import.meta.url)), [variant, populationFile], {
      ...onCore(0),
      // As `npm start` does: graphql-js is slower otherwise.
      env: { ...process.env, NODE_ENV: "production" },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    children.push(child);
    const { port, rootToken } = await ask<{ port: number; rootToken: string }>(child);
    const body = variant === "constant" ? () => ({ query: "{ constant }" }) : sendsVerifyKey(String(VerifyKeyDocument));
    targets.set(variant, {
      child,
      port,
      rootToken,
      requests: population.keys
        .slice(0, variant === "limited" ? limitedKeyCount : keyCount)
        .map(({ secret }) => post("/graphql", rootToken, body(secret))),
      expect: variant === "constant" ? '{"data":{"constant":"constant"}}' : '"valid":true',
    });
  }

  const results = new Map<Variant, number[]>(variants.map((variant) => [variant, []]));
  // Each limited key gets its part of its quota before anything is measured.
  const limited = targets.get("limited");
  if (limited) await sendLoad({ ...limited, connections, durationMs: leasingMs });
  // The first round warms every server up: compiled code, owners and tenants read.
  for (let round = 0; round <= rounds; round++) {
    for (const [variant, target] of targets) {
      const { perSecond, wrong } = await sendLoad({ ...target, connections, durationMs: roundMs });
      if (wrong > 0) throw new Error(`${labels[variant]}: ${wrong} answers were not what they must be`);
      if (round > 0) results.get(variant)?.push(perSecond);
    }
    process.stdout.write(`round ${round} of ${rounds}\r`);
  }
  const memory = new Map<Variant, number>();
  for (const [variant, { child }] of targets)
    memory.set(variant, (await ask<{ memoryMb: number }>(child, "usage")).memoryMb);
  for (const child of children) child.disconnect();
  const start = process.env.BENCH_SKIP_START ? [] : await measureStart();

  const median = (variant: Variant) =>
    [...(results.get(variant) ?? [])].sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
  /** Nothing where one of the two was not measured. */
  const ratio = (a: Variant, b: Variant, words: string, goal = "") =>
    variants.includes(a) && variants.includes(b) ? [`${words} ${(median(a) / median(b)).toFixed(2)}${goal}`] : [];
  // A part does not take the place of the whole.
  report(named ? `verify-${named.join("-")}` : "verify", [
    `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}; server on one core, ${connections} connections, ${keyCount} keys`,
    `medians of ${rounds} interleaved rounds of ${roundMs} ms`,
    "",
    ...variants.map((variant) => {
      const all = results.get(variant) ?? [];
      const range = `${Math.round(Math.min(...all))} to ${Math.round(Math.max(...all))}`;
      return `${labels[variant].padEnd(46)} ${String(Math.round(median(variant))).padStart(6)} /s  (${range}), ${memory.get(variant)} MB`;
    }),
    "",
    ...ratio("keyplane", "constant", "(a)/(b)", "   to reach: 0.80"),
    ...ratio("keyplane", "stock", "(a)/(d)", "   to reach: 3.00"),
    ...ratio("keyplane", "bare", "(a)/(c)"),
    ...ratio("keyplane", "mercurius", "(a)/(g)", "   to reach: 1.00"),
    ...ratio("graphql", "constant", "(e)/(b)"),
    ...ratio("graphql", "stock", "(e)/(d)"),
    ...ratio("plain", "bare", "(f)/(c)", "   to reach: 0.65, or 20000 /s"),
    ...ratio("limited", "few", "(i)/(h)", "   to reach: 0.85"),
    "",
    ...start,
  ]);
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
