import { serverAudits } from "graphql-http";
import { describe, expect, test } from "../testkit/index.js";

// The audits of the reference implementation of https://graphql.github.io/graphql-over-http/draft/. Their own list decides
// what is asked, so it is read once, with a client that does nothing.
const names = serverAudits({ url: "http://unused" }).map(({ id, name }) => [`${id} ${name}`, id] as const);

describe("GraphQL over HTTP, for a caller who is known", () => {
  test("all 61 audits of graphql-http are run", () => {
    expect(names).toHaveLength(61);
  });

  test.for(names)("%s", async ([, id], { world }) => {
    const fetchFn = (url: string, options: RequestInit = {}) => {
      const headers = new Headers(options.headers);
      headers.set("authorization", `Bearer ${world.root.token}`);
      headers.set("x-graphql-yoga-csrf", "1");
      return fetch(url, { ...options, headers });
    };
    const audit = serverAudits({ url: `${world.url}/graphql`, fetchFn }).find((each) => each.id === id);
    expect(await audit?.fn()).toMatchObject({ status: "ok" });
  });
});
