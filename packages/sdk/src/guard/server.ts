import { createDownload, type Download } from "../client/download.js";
import { ServerError } from "../client/errors.js";
import type { RequestOptions, ResolvedOptions } from "../client/options.js";
import type { Runtime } from "../client/runtime.js";
import { createSubscribe, type Subscribe } from "../client/subscription.js";
import { createSend } from "../client/transport.js";
import type { Verdict } from "../entities.js";
import { Keys } from "../resources/keys.js";
import type { EventPage, PollEvents } from "./follower.js";
import type { GuardRequest } from "./guard.js";

/** What a guard asks its server. */
export interface GuardServer {
  readonly download: Download;
  readonly subscribe: Subscribe;
  readonly poll: PollEvents;
  /** The server's own verdict, which it records as usage itself. @throws KeyplaneError */
  readonly verify: (key: string, request: GuardRequest, options: RequestOptions) => Promise<Verdict>;
}

export function createGuardServer(
  options: ResolvedOptions,
  runtime: Runtime,
  tenantId: string | undefined,
): GuardServer {
  const download = createDownload(options, runtime);
  const keys = new Keys(createSend(options, runtime));
  return {
    download,
    subscribe: createSubscribe(options, runtime),
    async poll(after, waitMs, call) {
      const parameters = new URLSearchParams({ after, waitMs: String(waitMs), ...(tenantId && { tenantId }) });
      const request = { path: `/v1/key-events?${parameters}`, type: "application/json" };
      const timeoutMs = waitMs + options.timeoutMs;
      let text = "";
      for await (const piece of download(request, { ...call, timeoutMs })) text += piece;
      return eventPageOf(text);
    },
    verify: (key, { scopes, environment, ip, api, usage }, call) =>
      keys.verify({ key, scopes, environment: environment as never, ip, ...usage, ...(api && { api }) }, call),
  };
}

function eventPageOf(text: string): EventPage {
  try {
    const page = JSON.parse(text) as EventPage;
    if (Array.isArray(page.events) && typeof page.cursor === "string") return page;
  } catch {
    // not JSON, so said below
  }
  const message = "What answers to a question for events is no Keyplane server of a version that fits.";
  throw new ServerError(message, { code: "INVALID_RESPONSE" });
}
