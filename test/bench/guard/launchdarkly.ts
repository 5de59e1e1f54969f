import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { init } from "@launchdarkly/node-server-sdk";
import { TestData } from "@launchdarkly/node-server-sdk/integrations";
import { type Contender, contender, received, unexpected } from "./contender.js";

/** As many as there are keys on the other side. */
const contextCount = 100_000;

/** On for whoever has an attribute: nobody is looked up. */
const byAttribute = "orders";
/** On for whoever is in a segment that names them all: as with keys, each is looked up among as many. */
const bySegment = "members";

/**
 * What evaluating a flag costs.
 *
 * @param sendsEvents whether evaluations are counted and sent, as that SDK does unless it is told otherwise.
 */
export async function flagEvaluation(sendsEvents: boolean): Promise<{
  /** A flag that is on for whoever has an attribute. */
  contender: Contender;
  /** A flag that is on for whoever is in a segment of all of them. */
  membership: Contender;
  flush: () => Promise<void>;
  close: () => void;
}> {
  const data = new TestData();
  await data.update(
    data.flag(byAttribute).booleanFlag().variationForAll(false).ifMatch("user", "plan", "pro").thenReturn(true),
  );
  const included = Array.from({ length: contextCount }, (_, index) => `user-${index}`);
  await data.usePreconfiguredSegment({ key: bySegment, version: 1, included });
  const isMember = { attribute: "", op: "segmentMatch", values: [bySegment], negate: false };
  const variations = { variations: [true, false], offVariation: 1, fallthrough: { variation: 1 } };
  const rules = [{ id: "members", variation: 0, clauses: [isMember] }];
  await data.usePreconfiguredFlag({ key: bySegment, version: 1, on: true, ...variations, rules });
  const sink = createServer((request, response) => request.resume().on("end", () => response.writeHead(202).end()));
  await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
  const eventsUri = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
  const quiet = { debug() {}, info() {}, warn() {}, error: console.error };
  const options = { updateProcessor: data.getFactory(), sendEvents: sendsEvents, eventsUri, logger: quiet };
  const client = init("sdk-key", { ...options, diagnosticOptOut: true });
  await client.waitForInitialization({ timeout: 10 });
  const present = (index: number) => {
    return { kind: "user", key: received(`user-${(index * 7_919) % contextCount}`), plan: "pro" };
  };
  return {
    contender: contender(present, async (presented) => {
      for (const context of presented) {
        if (!(await client.boolVariation(byAttribute, context, false))) throw unexpected();
      }
    }),
    membership: contender(present, async (presented) => {
      for (const context of presented) {
        if (!(await client.boolVariation(bySegment, context, false))) throw unexpected();
      }
    }),
    flush: () => client.flush(),
    close() {
      client.close();
      sink.close();
    },
  };
}
