import { afterEach, describe, expect, test } from "vitest";
import { FakeGuard, verdictOf } from "../test-helpers/fake-guard.js";
import { type Application, subjects } from "./test-helpers/subjects.js";

const api = { id: "api_1", slug: "orders", name: "Orders", version: "v1" };
const opened: Application[] = [];

afterEach(async () => {
  for (const application of opened.splice(0)) await application.close();
});

describe.each(subjects.filter(({ onlyUpgrades }) => !onlyUpgrades))("$name", ({ start }) => {
  test("asks for the API, and tells callers of a deprecated version so", async () => {
    const [deprecatedAt, retiredAt] = ["2026-06-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"];
    const guard = new FakeGuard().answers("old", verdictOf("VALID", { api: { ...api, deprecatedAt, retiredAt } }));
    guard.answers("new", verdictOf("VALID", { api: { ...api, deprecatedAt: null, retiredAt: null } }));
    const application = await start(guard, { api: "orders@v1" });
    opened.push(application);
    const send = (key: string) => application.send({ headers: { authorization: `Bearer ${key}` } });
    const old = await send("old");
    // RFC 9745, a date of RFC 9651; RFC 8594, a date of RFC 9110.
    expect(old.headers).toMatchObject({ deprecation: "@1780272000", sunset: "Fri, 01 Jan 2027 00:00:00 GMT" });
    expect(old.handler?.code).toBe("VALID");
    const { headers } = await send("new");
    expect([headers["deprecation"], headers["sunset"]]).toEqual([undefined, undefined]);
    expect(guard.calls.map(({ request }) => request?.api)).toEqual(["orders@v1", "orders@v1"]);
  });
});
