import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readKey } from "./read-key.js";
import { viewOfFetch, viewOfNode } from "./request-view.js";

const places = { header: "x-api-key", bearer: true, queryParameter: "api_key" };

describe("readKey", () => {
  test("never throws, whatever a client sends, and hands on nothing that was not sent", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (authorization, own, query) => {
        const headers = { authorization, "x-api-key": own };
        const found = readKey(viewOfNode({ headers, url: `/?api_key=${query}` }), places);
        if ("key" in found) {
          expect(found.key).not.toBe("");
          expect(authorization.includes(found.key) || own === found.key || query !== "").toBe(true);
        }
      }),
    );
  });

  test("takes no key where two differ", () => {
    const key = fc.stringMatching(/^[\w]{1,20}$/);
    fc.assert(
      fc.property(key, key, (one, other) => {
        fc.pre(one !== other);
        const headers = new Headers({ authorization: `Bearer ${one}`, "x-api-key": other });
        const found = readKey(viewOfFetch({ method: "GET", url: "http://a/", headers }), places);
        expect(found).toEqual({ problem: "KEY_AMBIGUOUS" });
      }),
    );
  });

  test.each([
    ["kp_live_abc,", { key: "kp_live_abc," }],
    ['"kp_live_abc"', { key: '"kp_live_abc"' }],
    ["Bearer kp_live_abc", { key: "Bearer kp_live_abc" }],
    ["a,b", { problem: "KEY_AMBIGUOUS" }],
  ])("hands x-api-key: %s on as it is: what is wrong with it, the verdict says", (value, found) => {
    expect(readKey(viewOfNode({ headers: { "x-api-key": value } }), places)).toEqual(found);
  });

  test("reads the key that other middleware has put into the headers", () => {
    const rawHeaders = ["Cookie", "session=1"];
    expect(readKey(viewOfNode({ headers: { authorization: "Bearer k" }, rawHeaders }), places)).toEqual({ key: "k" });
  });

  test.each([
    ["/orders?api_key=k", { key: "k" }],
    ["http://api.example/orders?a=b&api_key=k%20#fragment", { key: "k " }],
    ["/orders?api_key=", { problem: "KEY_MISSING" }],
    ["/orders?api_key=k&api_key=", { problem: "KEY_AMBIGUOUS" }],
    ["/api_key=k", { problem: "KEY_MISSING" }],
  ])("reads the URL %s where it was asked to", (url, found) => {
    expect(readKey(viewOfNode({ headers: {}, url }), places)).toEqual(found);
  });
});
