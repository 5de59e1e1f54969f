import { afterEach, describe, expect, test, vi } from "vitest";
import { MemoryPlane } from "../testing/memory-plane.js";
import { MemoryServer } from "../testing/memory-server.js";

afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
});

describe("where the runtime has nothing but Web Crypto", () => {
  test("a guard verifies as well", async () => {
    const plane = new MemoryPlane();
    const key = plane.createKey();
    // As in a browser or a worker: there are no modules of Node.
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
    vi.resetModules();
    const { createGuard } = await import("./create-guard.js");
    const guard = createGuard({ url: "http://keyplane.test", token: "token", fetch: new MemoryServer(plane).fetch });
    await guard.ready();
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "server" });
    const both = await Promise.all([guard.verify(key.secret), guard.verify(plane.createKey().secret)]);
    expect(both.map(({ code }) => code)).toEqual(["VALID", "VALID"]);
    expect(both[0]).toMatchObject({ source: "local", key: { id: key.id } });
    const snapshotFile = "/tmp/guard.snapshot";
    expect(() => createGuard({ url: "http://keyplane.test", token: "token", snapshotFile })).toThrow("snapshotFile");
    await guard.close();
  });
});
