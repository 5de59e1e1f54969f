import { createDownload } from "../client/download.js";
import { resolveOptions } from "../client/resolve-options.js";
import { type Runtime, realRuntime } from "../client/runtime.js";
import { createSubscribe } from "../client/subscription.js";
import { createSend } from "../client/transport.js";
import { Usage } from "../resources/usage.js";
import { DocsAddress } from "./docs-address.js";
import type { Guard } from "./guard.js";
import { type GuardOptions, resolveGuardOptions } from "./guard-options.js";
import { GuardUsage } from "./guard-usage.js";
import { LocalGuard } from "./local-guard.js";
import { createGuardServer } from "./server.js";
import { type FileSystem, SnapshotFile } from "./snapshot-file.js";

/**
 * Makes a guard: it verifies keys in this process, in about a microsecond once they were seen, and hears of every revocation
 * within milliseconds. Make one and keep it; `close` it before the process ends, so that usage is handed over and the
 * connection, which keeps a process from ending, is closed.
 *
 * The token, or what stands in its place, needs the permissions `keys:verify` and `keys:read`, and `usage:record` unless `usage` is false; the role
 * DEVELOPER has them.
 *
 * How old what it says can be: while it follows the server, some milliseconds; cut off, at most `maxStalenessMs`. Then it
 * asks the server for each key, and where that fails, too, `onUnavailable` says what to do.
 *
 * @example
 * const guard = createGuard({ url: "https://keyplane.example.com", token });
 * const verdict = await guard.verify(presented, { scopes: ["orders:read"] });
 * if (!verdict.valid) return respond(401, verdict.code);
 * @throws TypeError that names the option, what it got and what it wants.
 */
export function createGuard(options: GuardOptions): Guard {
  return createGuardWith(options, realRuntime);
}

/** What a simulation has otherwise. */
interface Surroundings {
  /** Where the snapshot is kept. Default: the file system. */
  readonly files?: FileSystem;
  /** How long one connection is held, in milliseconds. Default: an hour. */
  readonly longestStreamMs?: number;
}

/** As {@link createGuard}, with a runtime that a test can hold in its hands. */
export function createGuardWith(options: GuardOptions, runtime: Runtime, surroundings: Surroundings = {}): Guard {
  const { files, longestStreamMs } = surroundings;
  const resolved = resolveGuardOptions(options);
  const { url, token, credentials, headers, fetch, timeoutMs, usage, tenantId, snapshotFile } = resolved;
  const recordOptions = usage === false ? undefined : usage;
  const given = { url, token, credentials, headers, fetch, timeoutMs, usage: recordOptions };
  const client = resolveOptions(given, runtime);
  // A verdict made here leads to the same pages as one made there.
  const docs = new DocsAddress(resolved.docsUrl, client.url);
  const recording = new Usage(
    {
      send: createSend(client, runtime),
      subscribe: createSubscribe(client, runtime),
      download: createDownload(client, runtime),
      runtime,
    },
    client.usage,
  );
  return new LocalGuard({
    options: resolved,
    docs,
    server: (time) => {
      const fetch = docs.learningFrom(time.learningFrom(client.fetch));
      return createGuardServer({ ...client, fetch }, runtime, tenantId);
    },
    usage: usage === false ? null : new GuardUsage(recording, tenantId),
    snapshot: snapshotFile === undefined ? null : new SnapshotFile(snapshotFile, client, tenantId, docs, files),
    runtime,
    longestStreamMs,
  });
}
