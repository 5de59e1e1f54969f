import { init } from "@launchdarkly/node-server-sdk";
import { TestData } from "@launchdarkly/node-server-sdk/integrations";

/** As many as there are keys on the other side, because memory that is far away is part of the price on both. */
const contextCount = 100_000;

/** What evaluating a flag costs that is on for whoever has an attribute; without events, which only makes it faster. */
export async function flagEvaluation(onEnd: (close: () => void) => void): Promise<(index: number) => Promise<boolean>> {
  const data = new TestData();
  await data.update(
    data.flag("orders").booleanFlag().variationForAll(false).ifMatch("user", "plan", "pro").thenReturn(true),
  );
  const quiet = { debug() {}, info() {}, warn() {}, error: console.error };
  const client = init("sdk-key", { updateProcessor: data.getFactory(), sendEvents: false, logger: quiet });
  await client.waitForInitialization({ timeout: 10 });
  onEnd(() => client.close());
  const contexts = Array.from({ length: contextCount }, (_, index) => ({
    kind: "user",
    key: `user-${index}`,
    plan: "pro",
  }));
  return async (index) =>
    (await client.boolVariation("orders", contexts[(index * 7_919) % contextCount] as never, false)) === true;
}
