import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";

/** Debian's Redis, or the one that REDIS_SERVER names. Nothing is downloaded. */
const program = process.env["REDIS_SERVER"] ?? "/usr/bin/redis-server";
/** In CI a missing Redis is a failure: there, nobody would notice that its tests never run. */
export const redisIsMissing = !existsSync(program) && !process.env["CI"];
export const redisReason = `needs Redis: apt-get install redis-server, or name one with REDIS_SERVER (${program} is not there)`;

/** A Redis of a test's own, without any file. */
export interface TestRedis {
  readonly url: string;
  kill(): Promise<void>;
  /** Starts it again on the same port, with nothing in it. */
  start(): Promise<void>;
}

export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  let child: ChildProcess | null = null;
  const redis: TestRedis = {
    url: `redis://127.0.0.1:${port}`,
    async kill() {
      const running = child;
      child = null;
      if (!running || running.exitCode !== null) return;
      const ended = new Promise((resolve) => running.once("exit", resolve));
      running.kill("SIGKILL");
      await ended;
    },
    async start() {
      const flags = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
      child = spawn(program, flags, { stdio: "ignore" });
      for (let tries = 0; !(await answers(port)); tries++) {
        if (tries > 600) throw new Error("Redis does not come to listen");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
  await redis.start();
  return redis;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
