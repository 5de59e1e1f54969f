import { Worker } from "node:worker_threads";
import { StartupError } from "../../../platform/database/startup-error.js";
import { KeyplaneError } from "../../../platform/errors.js";
import type { Logger } from "../../../platform/logger.js";
import type { FromThread, ThreadMethods, ThreadSettings } from "./protocol.js";

/** How long a thread that ended by a fault stays away, in milliseconds: doubled from the first to the last. */
const firstRestartMs = 1_000;
const lastRestartMs = 30_000;

type Told = Exclude<FromThread, { type: "answer" | "refusal" | "failure" | "log" }>;

/** Asks the usage thread, and hears what it tells. A thread that ends by a fault is started again; its spool is on disk. */
export class ThreadClient {
  readonly #settings: ThreadSettings;
  readonly #logger: Logger;
  readonly #hear: (message: Told) => void;
  readonly #compiled: URL | undefined;
  /** Resolves when the thread runs for the first time. @throws StartupError when it cannot: the store is in use, or broken. */
  readonly started: Promise<void>;
  readonly #pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #worker: Worker;
  #nextId = 1;
  #restartMs = firstRestartMs;
  #runs = false;
  #stopping = false;
  #settleStart: { resolve: () => void; reject: (error: Error) => void } | undefined;

  /** @param compiled the compiled program of the thread. Default: what lies beside this file. */
  constructor(settings: ThreadSettings, logger: Logger, hear: (message: Told) => void, compiled?: URL) {
    this.#compiled = compiled;
    this.#settings = settings;
    this.#logger = logger;
    this.#hear = hear;
    this.started = new Promise((resolve, reject) => {
      this.#settleStart = { resolve, reject };
    });
    // Whoever starts a server asks; for others the log says it.
    this.started.catch(() => {});
    this.#worker = this.#start();
  }

  /**
   * @throws KeyplaneError what the thread refuses, or UNAVAILABLE when it ends meanwhile or MongoDB is away.
   */
  call<Method extends keyof ThreadMethods>(
    method: Method,
    argument: Parameters<ThreadMethods[Method]>[0],
  ): Promise<ReturnType<ThreadMethods[Method]>> {
    return new Promise((resolve, reject) => {
      // A message to a thread that has ended would never be answered.
      if (!this.#runs) return reject(threadEnded());
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, method, argument });
    });
  }

  /** Lets it count what is left. @returns whether nothing is left. */
  async stop(withinMs: number): Promise<boolean> {
    this.#stopping = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), withinMs + 2_000);
    });
    const isEmpty = await Promise.race([this.call("stop", withinMs), late]).catch((err: unknown) => {
      this.#logger.warn({ err }, "the usage thread did not stop as it should; what is left stays in the spool");
      return false;
    });
    clearTimeout(timer);
    await this.#worker.terminate();
    return isEmpty;
  }

  #start(): Worker {
    const worker = startWorker(this.#settings, this.#compiled);
    worker.on("message", (message: FromThread) => this.#receive(message));
    worker.on("error", (err) => {
      this.#logger.error({ err }, "the usage thread failed");
      const { message } = err instanceof Error ? err : new Error(String(err));
      this.#settleStart?.reject(new StartupError(`Usage cannot be counted. ${message}`));
    });
    worker.on("exit", () => this.#ended());
    this.#runs = true;
    return worker;
  }

  #receive(message: FromThread): void {
    switch (message.type) {
      case "started":
        this.#restartMs = firstRestartMs;
        this.#settleStart?.resolve();
        return this.#hear(message);
      case "log":
        return this.#logger[message.level](message.fields, message.message);
      case "answer":
        return this.#take(message.id)?.resolve(message.value as never);
      case "refusal":
        return this.#take(message.id)?.reject(new KeyplaneError(message.code, message.message));
      case "failure":
        return this.#take(message.id)?.reject(message.error);
      default:
        return this.#hear(message);
    }
  }

  #take(id: number) {
    const call = this.#pending.get(id);
    this.#pending.delete(id);
    return call;
  }

  #ended(): void {
    this.#runs = false;
    for (const { reject } of this.#pending.values()) reject(threadEnded());
    this.#pending.clear();
    if (this.#stopping) return;
    this.#hear({ type: "store", connected: false });
    setTimeout(() => {
      if (!this.#stopping) this.#worker = this.#start();
    }, this.#restartMs).unref();
    this.#restartMs = Math.min(this.#restartMs * 2, lastRestartMs);
  }
}

function threadEnded(): KeyplaneError {
  return new KeyplaneError("UNAVAILABLE", "The part of the server that counts usage has ended. Try again in a moment.");
}

/** Sources are run in development, where TypeScript's loader must be there first; compiled files in production. */
function startWorker(workerData: ThreadSettings, compiled?: URL): Worker {
  const program = import.meta.url.endsWith(".ts") ? compiled : new URL("./usage-thread.js", import.meta.url);
  if (program) return new Worker(program, { name: "usage", workerData, execArgv: [] });
  const source = JSON.stringify(new URL("./usage-thread.ts", import.meta.url).href);
  const script = `import("tsx/esm/api").then(({ register }) => (register(), import(${source})))`;
  return new Worker(script, { eval: true, name: "usage", workerData, execArgv: ["--conditions=source"] });
}
