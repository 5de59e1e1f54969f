import { init } from "@launchdarkly/node-server-sdk";
import { TestData } from "@launchdarkly/node-server-sdk/integrations";

/** What evaluating a flag costs that is on for whoever has an attribute; without events, which only makes it faster. */
export async function flagEvaluation(
  onEnd: (close: () => undefined) => void,
): Promise<(index: number) => Promise<boolean>> {
  const data = new TestData();
  data.update(data.flag("orders").booleanFlag().variationForAll(false).ifMatch("user", "plan", "pro").thenReturn(true));
  const quiet = { debug() {}, info() {}, warn() {}, error: console.error };
  const client = init("sdk-key", { updateProcessor: data.getFactory(), sendEvents: false, logger: quiet });
  await client.waitForInitialization({ timeout: 10 });
  onEnd(() => void client.close());
  const contexts = Array.from({ length: 1_000 }, (_, index) => ({ kind: "user", key: `user-${index}`, plan: "pro" }));
  return async (index) =>
    (await client.boolVariation("orders", contexts[index % contexts.length] as never, false)) === true;
}
