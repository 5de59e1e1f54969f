import { afterAll, beforeAll } from "vitest";
import { describe, expect, test } from "../testkit/index.js";
import { startReceiver, verified } from "../testkit/webhooks.js";
import { builtCli, CliUser } from "./run-cli.js";

const users: CliUser[] = [];
beforeAll(async () => void (await builtCli()));
afterAll(() => {
  for (const user of users) user.leave();
});

describe("webhooks", () => {
  test("are created with a secret alone on standard output, tested, listed, changed and deleted", async ({ world }) => {
    const cli = new CliUser({ KEYPLANE_URL: world.url, KEYPLANE_TOKEN: world.server.rootToken });
    users.push(cli);
    const { tenant } = await world.tenant();
    const receiver = await startReceiver();
    const options = [
      "--tenant",
      tenant.id,
      "--name",
      "Alerts",
      "--address",
      receiver.url,
      "--events",
      "revoked,leaked",
    ];
    const unset = await cli.run(["webhooks", "create", ...options.slice(0, -1), ""]);
    expect([unset.code, unset.stderr]).toEqual([2, expect.stringContaining("--events: It is empty.")]);
    const created = await cli.run(["webhooks", "create", ...options]);
    expect(created.stdout).toMatch(/^whsec_\S+\n$/);
    const [webhook] = (await cli.json(["webhooks", "list", "--tenant", tenant.id])).nodes;
    expect(webhook).toMatchObject({ name: "Alerts", eventTypes: ["REVOKED", "LEAKED"] });

    const update = ["webhooks", "update", webhook.id, "--events"];
    expect(await cli.json([...update, "all"])).toMatchObject({ name: "Alerts", eventTypes: [] });

    expect(await cli.json(["webhooks", "test", webhook.id])).toMatchObject({ responseStatus: 204, problem: null });
    const [message] = receiver.messages;
    expect(message && verified(created.stdout.trim(), message, world.clock.now())).toMatchObject({
      type: "webhook.test",
    });
    expect(await cli.json(["webhooks", "test", webhook.id, "--event", "leaked"])).toMatchObject({ problem: null });
    const example = receiver.messages[1];
    expect(example && verified(created.stdout.trim(), example, world.clock.now())).toMatchObject({
      type: "key.leaked",
      data: { isTest: true },
    });
    expect((await cli.run(["webhooks", "test", webhook.id, "--event", "nothing"])).stderr).toContain("is none of");
    receiver.answer = () => 500;
    expect((await cli.run(["webhooks", "test", webhook.id])).code).toBe(11);
    expect((await cli.json(["webhooks", "deliveries", webhook.id])).nodes).toEqual([]);

    expect((await cli.run(["webhooks", "disable", webhook.id, "--yes"])).code).toBe(0);
    expect((await cli.json(["webhooks", "show", webhook.id])).disabledAt).not.toBeNull();
    expect((await cli.run(["webhooks", "enable", webhook.id])).code).toBe(0);
    const rotated = await cli.run(["webhooks", "rotate", webhook.id, "--overlap", "24h"]);
    expect(rotated.stdout).toMatch(/^whsec_\S+\n$/);
    expect(rotated.stdout).not.toBe(created.stdout);
    expect((await cli.run(["webhooks", "delete", webhook.id])).code).toBe(2);
    expect((await cli.run(["webhooks", "delete", webhook.id, "--yes"])).code).toBe(0);
    expect((await cli.run(["webhooks", "show", webhook.id])).code).toBe(5);
    await receiver.close();
  });
});
