import { describe, expect, test } from "vitest";
import * as errors from "./errors.js";
import { ConnectionError, KeyplaneError, ServerError, TimeoutError } from "./errors.js";

const server = new ServerError("It failed.", { code: "INTERNAL", status: 500, requestId: "req_1" });

/** What the same class of another copy of the SDK makes: the same brand, another prototype. */
function fromAnotherCopy(error: object): object {
  return Object.create(Error.prototype, Object.getOwnPropertyDescriptors(error)) as object;
}

describe("instanceof", () => {
  test("knows the class, and what it extends", () => {
    expect(server).toBeInstanceOf(ServerError);
    expect(server).toBeInstanceOf(KeyplaneError);
    expect(server).toBeInstanceOf(Error);
    expect(server).not.toBeInstanceOf(TimeoutError);
  });

  test("knows errors of another copy of the SDK", () => {
    const foreign = fromAnotherCopy(server);
    expect(foreign).toBeInstanceOf(ServerError);
    expect(foreign).toBeInstanceOf(KeyplaneError);
    expect(foreign).not.toBeInstanceOf(TimeoutError);
  });

  test("takes nothing else for an error of the SDK", () => {
    for (const other of [undefined, null, "KeyplaneError", {}, new Error("x"), { name: "KeyplaneError" }]) {
      expect(other instanceof KeyplaneError).toBe(false);
    }
  });

  test("takes no error of ours for one of an application's own subclass", () => {
    class PaymentError extends ServerError {}
    const own = new PaymentError("x", { code: "INTERNAL" });
    expect(own).toBeInstanceOf(PaymentError);
    expect(own).toBeInstanceOf(ServerError);
    expect(server).not.toBeInstanceOf(PaymentError);
    expect(fromAnotherCopy(server)).not.toBeInstanceOf(PaymentError);
  });
});

test("every class has its own kind, which is its name even after minification", () => {
  const classes = Object.entries(errors) as [string, typeof KeyplaneError][];
  expect(classes.length).toBeGreaterThan(8);
  for (const [name, type] of classes) {
    expect(Object.hasOwn(type, "kind")).toBe(true);
    expect(type.kind).toBe(name);
  }
});

test("as JSON, an error says all but its cause", () => {
  const cause = new Error("internals of the runtime");
  const error = new ConnectionError("It cannot be reached.", { cause, neverSent: true });
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: "ConnectionError",
    code: "CONNECTION_FAILED",
    message: "It cannot be reached.",
  });
  expect(error.cause).toBe(cause);
});
