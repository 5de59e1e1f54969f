import { describe, expect, test } from "../test-helpers/guard-story.js";

describe.each(["lazy", "full"] as const)("in the mode %s", (mode) => {
  test("a key that is quarantined is refused at once, with its open sockets, and without asking", async ({ story }) => {
    const { guard, key } = await story.withKey({ mode });
    await guard.verify(key.secret);
    const closed: string[] = [];
    guard.bind(key.id, ({ code }) => void closed.push(code));
    const { records } = story.server.asked;
    story.plane.quarantineKey(key.id, "changed past Keyplane");
    await story.moment();
    expect(await guard.verify(key.secret)).toMatchObject({ valid: false, code: "QUARANTINED", source: "local" });
    expect(closed).toEqual(["QUARANTINED"]);
    expect(story.server.asked.records).toBe(records);
  });
});
