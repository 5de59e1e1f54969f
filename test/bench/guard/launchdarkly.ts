import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { init } from "@launchdarkly/node-server-sdk";
import { TestData } from "@launchdarkly/node-server-sdk/integrations";
import { type Contender, contender, received } from "./contender.js";

/** As many as there are keys on the other side. */
const contextCount = 100_000;

/**
 * What evaluating a flag costs that is on for whoever has an attribute.
 *
 * @param sendsEvents whether evaluations are counted and sent, as that SDK does unless it is told otherwise.
 */
export async function flagEvaluation(sendsEvents: boolean): Promise<{
  contender: Contender;
  flush: () => Promise<void>;
  close: () => void;
}> {
  const data = new TestData();
  await data.update(
    data.flag("orders").booleanFlag().variationForAll(false).ifMatch("user", "plan", "pro").thenReturn(true),
  );
  const sink = createServer((request, response) => request.resume().on("end", () => response.writeHead(202).end()));
  await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
  const eventsUri = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
  const quiet = { debug() {}, info() {}, warn() {}, error: console.error };
  const options = { updateProcessor: data.getFactory(), sendEvents: sendsEvents, eventsUri, logger: quiet };
  const client = init("sdk-key", { ...options, diagnosticOptOut: true });
  await client.waitForInitialization({ timeout: 10 });
  return {
    contender: contender(
      (index) => ({ kind: "user", key: received(`user-${(index * 7_919) % contextCount}`), plan: "pro" }),
      async (context) => (await client.boolVariation("orders", context, false)) === true,
    ),
    flush: () => client.flush(),
    close() {
      client.close();
      sink.close();
    },
  };
}
