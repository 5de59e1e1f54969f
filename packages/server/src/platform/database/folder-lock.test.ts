import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { lockFolder } from "./folder-lock.js";
import { ownIdentity } from "./process-identity.js";
import { StartupError } from "./startup-error.js";

describe("the lock of a data folder", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keyplane-lock-"));
    path = join(folder, "keyplane.lock");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const age = (seconds: number): void => {
    const then = new Date(Date.now() - seconds * 1000);
    utimesSync(path, then, then);
  };
  const leave = (holder: object): void =>
    writeFileSync(
      path,
      JSON.stringify({ ...ownIdentity(), since: "2026-01-01T00:00:00.000Z", token: "left", ...holder }),
    );
  const takeOver = async (): Promise<number> => {
    const lock = await lockFolder(folder);
    const pid = holderPid();
    lock.release();
    return pid;
  };
  const holderPid = (): number => (JSON.parse(readFileSync(path, "utf8")) as { pid: number }).pid;

  test("is held by one, and free again when it is released", async () => {
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(StartupError);
    await expect(lockFolder(folder)).rejects.toThrow(
      `The data folder ${folder} is in use by another Keyplane (process ${process.pid}, since `,
    );
    lock.release();
    expect(existsSync(path)).toBe(false);
    (await lockFolder(folder)).release();
  });

  test("is free when its folder is gone", async () => {
    const lock = await lockFolder(folder);
    rmSync(folder, { recursive: true });
    expect(() => lock.release()).not.toThrow();
  });

  test("is given to exactly one of many that ask at once, even when all find a dead one's lock", async () => {
    leave({ pid: await pidOfDeadProcess() });
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("of a silent process that nobody can look up is left to it where silence is not enough", async () => {
    leave({ realm: "another container" });
    age(120);
    await expect(lockFolder(folder, undefined, async () => false)).rejects.toThrow(StartupError);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ token: "left" });
    (await lockFolder(folder, undefined, async () => true)).release();
    expect(existsSync(path)).toBe(false);
  });

  test("of a process that died is taken over", async () => {
    leave({ pid: await pidOfDeadProcess() });
    expect(await takeOver()).toBe(process.pid);
  });

  test.runIf(process.platform === "linux")(
    "of a dead process is taken over when its number was given to another",
    async () => {
      leave({ pid: process.ppid, startTicks: "1" }); // the parent lives, but did not start with the machine's first tick
      expect(await takeOver()).toBe(process.pid);
    },
  );

  test("of a process that lives is respected, whoever it belongs to", async () => {
    leave({ pid: process.ppid, startTicks: null });
    await expect(lockFolder(folder)).rejects.toThrow(`(process ${process.ppid}, since 2026-01-01T00:00:00.000Z)`);
  });

  test("of another container is respected while its heart beats, although its number says nothing here", async () => {
    leave({ realm: "another container", pid: 1 });
    const heart = setInterval(() => utimesSync(path, new Date(), new Date()), 50);
    await expect(lockFolder(folder)).rejects.toThrow("is in use by another Keyplane");
    clearInterval(heart);
  });

  test("of another container whose heart has stopped is taken over", async () => {
    leave({ realm: "another container", pid: 1 });
    age(120);
    expect(await takeOver()).toBe(process.pid);
  });

  test("that was never written to the end is taken over after a while", async () => {
    writeFileSync(path, "");
    age(10);
    expect(await takeOver()).toBe(process.pid);
  });

  test("that can no longer be touched is told of once, and ends nothing", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const reasons: string[] = [];
      const lock = await lockFolder(folder, (reason) => reasons.push(reason));
      // A file where the folder was fails whoever we are; a disk that failed cannot be had in a test.
      renameSync(folder, `${folder}.away`);
      writeFileSync(folder, "");
      vi.advanceTimersByTime(60_000);
      expect(reasons).toEqual([expect.stringContaining("ENOTDIR")]);
      rmSync(folder);
      renameSync(`${folder}.away`, folder);
      lock.release();
    } finally {
      vi.useRealTimers();
    }
  });

  test("releasing leaves a lock alone that is another's by now", async () => {
    const lock = await lockFolder(folder);
    leave({ pid: process.ppid });
    lock.release();
    expect(holderPid()).toBe(process.ppid);
  });
});

function pidOfDeadProcess(): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    child.on("close", () => resolve(child.pid ?? 0));
  });
}
