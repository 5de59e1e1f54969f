import { describe, expect, test } from "vitest";
import { similarStarts } from "./similar-starts.js";

describe("similarStarts", () => {
  const start = "kp_live_3fQz";

  test.each([
    ["itself", "kp_live_3fQz"],
    ["in lower case", "kp_live_3fqz"],
    ["in upper case altogether", "KP_LIVE_3FQZ"],
    ["with a wrong character", "kp_live_3fQx"],
    ["with neighbours swapped", "kp_live_f3Qz"],
    ["of the other environment", "kp_test_3fQz"],
    ["in quotes, with what follows", '"kp_live_3fQzABCDEF"'],
    ["in a header", "Authorization: Bearer kp_live_3fQzABCDEF"],
  ])("%s, it may have been meant to be the start", (_, text) => {
    expect(similarStarts(text)).toContain(start);
  });

  test.each([
    ["a mistyped prefix", "kq_live_3fQz"],
    ["its prefix the wrong way round", "pk_live_3fQzABC"],
    ["a character of its prefix missing", "k_live_3fQz"],
    ["a mistyped environment", "kp_life_3fQz"],
    ["its environment the wrong way round", "kp_liev_3fQz"],
    ["a hyphen", "kp-live_3fQz"],
    ["both mistyped, in a header", "Authorization: Bearer KQ_lvie_3fQzABC"],
  ])("with %s, it may have been meant to be a start that begins as keys do", (_, text) => {
    expect(similarStarts(text, ["other", "kp"])).toContain(start);
    expect(similarStarts(text, ["other"])).not.toContain(start);
  });

  test("what begins otherwise altogether is none", () => {
    for (const text of ["sk_live_3fQz", "kp_prod_3fQz", "my_api_3fQz", "kp_live_3fQ"])
      expect(similarStarts(text, ["kp"]).filter((each) => each === start)).toEqual([]);
  });

  test("there are few of them, whatever the text", () => {
    expect(similarStarts(start).length).toBeLessThan(300);
    for (const text of ["", "nothing", "kp_live_", "x".repeat(10_000)]) expect(similarStarts(text)).toEqual([]);
  });

  test("another key's start is none", () => {
    expect(similarStarts(start)).not.toContain("kp_live_4gQz");
    expect(similarStarts(start)).not.toContain("pk_live_3fQz");
  });
});
