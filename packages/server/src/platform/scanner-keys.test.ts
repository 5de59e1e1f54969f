import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isSignedBy, readScannerKeys } from "./scanner-keys.js";

const pem = (body: string) => `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`;

/** As GitHub published them, with the messages of its documentation that they sign. */
const published = {
  public_keys: [
    {
      key_identifier: "90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a",
      key: pem(
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq\nkCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==",
      ),
      is_current: false,
    },
    {
      key_identifier: "bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c",
      key: pem(
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\nAjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==",
      ),
      is_current: true,
    },
  ],
};
const vectors = [
  [
    "90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a",
    '[{"token":"some_token","type":"some_type","url":"some_url"}]',
    "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc=",
  ],
  [
    "bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c",
    '[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]',
    "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==",
  ],
] as const;

describe("the published test vectors of GitHub's secret scanning", () => {
  test.each(vectors)(
    "%s: the signature is accepted, and of a changed message, another key or no text it is not",
    (id, message, signature) => {
      const keys = readScannerKeys(JSON.stringify(published));
      const key = keys?.get(id);
      const other = [...(keys ?? [])].find(([each]) => each !== id)?.[1];
      if (!key || !other) throw new Error("the keys were not read");
      expect(isSignedBy(key, Buffer.from(message), signature)).toBe(true);
      expect(isSignedBy(key, Buffer.from(`${message} `), signature)).toBe(false);
      expect(isSignedBy(other, Buffer.from(message), signature)).toBe(false);
      for (const wrong of ["", "x", signature.slice(0, -8), "🔑"]) {
        expect(isSignedBy(key, Buffer.from(message), wrong)).toBe(false);
      }
    },
  );
});

describe("the keys of a scanner", () => {
  test("are read from a file, too", () => {
    const folder = mkdtempSync(join(tmpdir(), "keyplane-test-"));
    const file = join(folder, "keys.json");
    writeFileSync(file, JSON.stringify(published));
    expect([...(readScannerKeys(file)?.keys() ?? [])]).toEqual(published.public_keys.map((key) => key.key_identifier));
    rmSync(folder, { recursive: true });
    expect(readScannerKeys(file)).toBeUndefined();
  });

  test("that are none, or of another kind, are refused", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "pem", type: "spki" });
    const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ format: "pem", type: "spki" });
    for (const key of ["", "x", rsa, p384]) {
      expect(readScannerKeys(JSON.stringify({ public_keys: [{ key_identifier: "1", key }] }))).toBeUndefined();
    }
    for (const text of ["", "{}", "{", '{"public_keys":[]}', "/no/such/file"]) {
      expect(readScannerKeys(text)).toBeUndefined();
    }
  });

  test("check what they have signed themselves", () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const body = Buffer.from("[]");
    expect(isSignedBy(publicKey, body, sign("sha256", body, privateKey).toString("base64"))).toBe(true);
  });
});
