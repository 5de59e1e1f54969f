/**
 * The compiled thread that counts usage, for servers that tests start: hundreds in a run, each of which would spend a second on loading the
 * sources of its thread anew. `npm test` compiles it before; whoever runs single tests without that has the sources.
 */
export const compiledThread = process.env["TEST_COMPILED_THREAD"]
  ? { usageThread: new URL("../../dist/modules/usage/thread/usage-thread.js", import.meta.url) }
  : {};
