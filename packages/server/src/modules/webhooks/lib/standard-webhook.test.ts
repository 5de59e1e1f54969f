import { describe, expect, test } from "vitest";
import { pauseAfter } from "./retry-schedule.js";
import { createWebhookSecret, signedHeaders } from "./standard-webhook.js";

// As the libraries of Standard Webhooks test it.
const published = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  message: { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", body: '{"test": 2432232314}' },
  timestamp: 1_614_265_330,
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};

describe("a signed message", () => {
  test("has the signature that was published for it", () => {
    const { message, timestamp, secret, signature } = published;
    expect(signedHeaders(message, timestamp * 1_000 + 999, [secret])).toEqual({
      "content-type": "application/json",
      "webhook-id": message.id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": signature,
    });
  });

  test("has one signature for each secret, the present one first", () => {
    const { message, timestamp, secret, signature } = published;
    const other = createWebhookSecret();
    const signatures = signedHeaders(message, timestamp * 1_000, [other, secret])["webhook-signature"]?.split(" ");
    expect(signatures).toHaveLength(2);
    expect(signatures?.[1]).toBe(signature);
  });

  test("is signed with a new secret of 32 random bytes", () => {
    const [one, other] = [createWebhookSecret(), createWebhookSecret()];
    expect(one).not.toBe(other);
    expect(Buffer.from(one.slice("whsec_".length), "base64")).toHaveLength(32);
  });
});

describe("the pauses between attempts", () => {
  test("are those of Standard Webhooks, and up to a tenth longer", () => {
    const hour = 3_600_000;
    const pauses = [5_000, 300_000, 1_800_000, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour];
    expect(pauses.map((_, index) => pauseAfter(index + 1, 0))).toEqual(pauses);
    expect(pauses.map((_, index) => pauseAfter(index + 1, 0.5))).toEqual(pauses.map((pause) => pause * 1.05));
  });

  test("end after the tenth attempt", () => {
    expect(pauseAfter(10, 0)).toBeNull();
  });
});
