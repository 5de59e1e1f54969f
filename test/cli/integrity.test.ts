import { afterAll, beforeAll } from "vitest";
import { describe, expect, hour, ok, startServer, test, World } from "../testkit/index.js";
import { builtCli, CliUser } from "./run-cli.js";

// A server of their own: checks look at whatever other tests have left.
let world: World;
let cli: CliUser;
beforeAll(async () => {
  await builtCli();
  world = new World(await startServer());
  cli = new CliUser({ KEYPLANE_URL: world.url, KEYPLANE_TOKEN: world.server.rootToken });
});
afterAll(async () => {
  cli.leave();
  await world.server.stop();
});

describe("integrity checks", () => {
  test("are followed to their end, and told of beside the result", async () => {
    const { code, stdout, stderr } = await cli.run(["integrity", "check", "--follow", "--json"]);
    const run = JSON.parse(stdout);
    expect([code, run.status, stderr]).toEqual([0, "DONE", ""]);
    const again = await cli.run(["integrity", "show", run.id, "--follow"]);
    expect(again.stdout).toMatch(/status +DONE/);
    expect(again.stderr).toMatch(/^USAGE: \d+ of \d+ keys examined, \d+ found\.\n$/);
    expect(await cli.run(["integrity", "show", "int_missing", "--follow"])).toMatchObject({ code: 5 });
  });

  test("end with the code of a problem when something was found and not repaired, and well when all was repaired", async () => {
    const { admin, key } = await world.tenantWithKey();
    ok(await admin.key("updateKey", { id: key.id, expiresAt: world.clock.in(hour) }));
    await world.server.keyplane.database.prisma.keyExpiry.deleteMany({ where: { keyId: key.id } });
    const reported = await cli.run(["integrity", "check", "--follow"]);
    expect([reported.code, reported.stdout]).toEqual([11, expect.stringMatching(/^found +1$/m)]);
    const [, id = ""] =
      /^1 of it was not repaired: keyplane integrity findings --run (int_\w+)$/m.exec(reported.stderr) ?? [];
    expect((await cli.run(["integrity", "show", id, "--follow", "--quiet"])).code).toBe(11);
    expect((await cli.run(["integrity", "show", id])).code).toBe(0);
    const [finding] = (await cli.json(["integrity", "findings", "--run", id])).nodes;
    expect(finding).toMatchObject({ kind: "EXPIRY_NOT_PLANNED", outcome: "REPORTED", keyId: key.id });
    const repaired = await cli.run(["integrity", "check", "--repair", "--follow"]);
    expect([repaired.code, repaired.stdout]).toEqual([0, expect.stringMatching(/^repaired +1$/m)]);
  });
});
