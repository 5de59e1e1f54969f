// `pnpm generate`: writes everything that is generated, the committed files included.
import { main, say } from "./lib/workspace.mjs";
import { generateAll } from "./setup.mjs";

await main(() => {
  generateAll();
  say("Everything generated is current.");
});
