import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLogger } from "./platform/logger.js";
import { stopOnSignals } from "./stopping.js";

describe("stopping on signals", () => {
  const lines: string[] = [];
  let send: (signal: string) => void;
  let stopping: AbortSignal;
  const exit = vi.fn();

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    // A real signal would reach the runner of the tests too.
    const handlers = new Map<unknown, (signal: string) => void>();
    vi.spyOn(process, "on").mockImplementation(((name: string, handler: () => void) => {
      handlers.set(name, handler);
      return process;
    }) as never);
    vi.spyOn(process, "exit").mockImplementation(exit as never);
    stopping = stopOnSignals(createLogger("info", { write: (line: string) => lines.push(line) }));
    send = (signal) => handlers.get(signal)?.(signal);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
    lines.length = 0;
    exit.mockReset();
  });

  test.each(["SIGTERM", "SIGINT"])(
    "%s asks to stop, and the process ends with 1 after 25 seconds at most",
    (signal) => {
      send(signal);
      expect(stopping.aborted).toBe(true);
      vi.advanceTimersByTime(24_999);
      expect([exit.mock.calls, lines.length]).toEqual([[], 1]);
      vi.advanceTimersByTime(1);
      expect(exit.mock.calls).toEqual([[1]]);
      expect(lines).toHaveLength(2);
      expect(JSON.parse(lines[1] ?? "")).toMatchObject({
        level: "error",
        msg: expect.stringContaining("took too long"),
      });
    },
  );

  test("a second signal ends the process at once, but not the echo of the first one", () => {
    send("SIGINT");
    vi.advanceTimersByTime(499);
    send("SIGINT");
    expect(exit).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    send("SIGTERM");
    expect(exit.mock.calls).toEqual([[1]]);
  });
});
