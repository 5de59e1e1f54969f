import { Keyplane } from "@keyplane/sdk";

const { KEYPLANE_URL: url = "http://127.0.0.1:4000", KEYPLANE_TOKEN: token = "", KEY_ID: keyId = "" } = process.env;
const keyplane = new Keyplane({
  url,
  token,
  usage: {
    onRejected: ({ record, message }) => console.error(`Not counted: ${record.api}. ${message}`),
    onDrop: ({ reason }) => console.error(`Given up: ${reason}.`),
  },
});

/** Your API: it answers at once, whether or not Keyplane can be reached. */
function complete(prompt: string): string {
  const startedAt = performance.now();
  const answer = [...prompt].reverse().join("");
  keyplane.usage.record({
    keyId,
    api: "completions/v1",
    meters: [{ name: "tokens", value: prompt.length + answer.length }],
    latencyMs: performance.now() - startedAt,
  });
  return answer;
}

for (const prompt of ["stressed", "drawer", "straw"]) console.log(complete(prompt));

// Before the process ends: what is recorded is in memory until it is sent.
const { accepted, rejected, dropped } = await keyplane.close();
console.log(`${accepted} calls taken, ${rejected} rejected, ${dropped} dropped`);
