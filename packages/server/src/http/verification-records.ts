import type { ServerResponse } from "node:http";
import { limits } from "../graphql/limits.js";
import type { Authenticate } from "../modules/auth/index.js";
import type { RecordLine, VerificationRecords } from "../modules/keys/index.js";
import type { Logger } from "../platform/logger.js";
import type { Endpoint } from "./graphql-endpoint.js";
import { createJsonEndpoint, type JsonCall } from "./json-endpoint.js";
import { AnswerEnded, endPaced, usualIdleMs, writePaced } from "./paced-writing.js";
import { publicUrlHeader } from "./public-url-header.js";
import { createStillAllowed } from "./same-caller.js";
import { withTimeLimit } from "./time-limit.js";

/** How long a snapshot may take, in milliseconds: enough for a million keys on a slow network. */
export const maxSnapshotMs = 600_000;

export interface VerificationRecordsDeps {
  readonly authenticate: Authenticate;
  readonly records: VerificationRecords;
  readonly logger: Logger;
  /** Told to guards, see {@link publicUrlHeader}. */
  readonly publicUrl: string | null;
  /** Milliseconds until the first page; the usual limit when it is left out. */
  readonly timeLimitMs?: number | undefined;
  /** How long a reader may take nothing, in milliseconds; 30 seconds when it is left out. */
  readonly idleMs?: number | undefined;
}

/**
 * `POST /v1/verification-records`: what a verifier must know of keys in order to decide by itself, as lines of JSON, sent
 * while they are read. The last line says how many keys there were: without it, the answer is not whole.
 */
export function createVerificationRecordsEndpoint(deps: VerificationRecordsDeps): Endpoint {
  const { authenticate, records, logger, timeLimitMs = limits.timeMs, idleMs = usualIdleMs } = deps;
  const told = publicUrlHeader(deps.publicUrl);
  const words = {
    example: '{"keyIds":["key_…"]}, or {} for all keys',
    tooLargeMessage: "The request body is larger than 1 MB. Name at most 500 keys at once.",
  };

  async function send({ request, response, principal, input }: JsonCall, signal: AbortSignal): Promise<void> {
    const mayRead = createStillAllowed(authenticate, request.headers.authorization, principal);
    const pages = records.read(principal, input, signal);
    try {
      // Before the head: what goes wrong until here is answered as an error.
      let page = await withTimeLimit(pages.next(), timeLimitMs);
      writeHead(response, principal.requestId, told);
      let keys = 0;
      for (; !page.done; page = await pages.next()) {
        // It may take longer than its token is good for.
        if (!(await mayRead())) throw new AnswerEnded("Its token may see less than before.");
        keys += page.value.filter(({ type }) => type === "key").length;
        if (page.value.length > 0) await writePaced(response, Buffer.from(page.value.map(lineOf).join("")), idleMs);
      }
      await writePaced(response, Buffer.from(`${JSON.stringify({ type: "end", keys })}\n`), idleMs);
      await endPaced(response, idleMs);
    } finally {
      // A reading that does not come to its end must not be waited for.
      pages.return().catch(() => {});
    }
  }

  return createJsonEndpoint({ authenticate, logger, timeLimitMs, ...words }, async (call) => {
    const { response, principal } = call;
    const gone = new AbortController();
    response.once("close", () => gone.abort(new AnswerEnded("Its reader went away.")));
    const late = setTimeout(() => response.destroy(), maxSnapshotMs);
    try {
      await send(call, gone.signal);
    } catch (error) {
      if (!(error instanceof AnswerEnded)) throw error;
      logger.info(
        { requestId: principal.requestId, reason: error.message },
        "verification records were not sent whole",
      );
      response.destroy();
    } finally {
      clearTimeout(late);
      gone.abort(new AnswerEnded("It has ended."));
    }
  });
}

function writeHead(response: ServerResponse, requestId: string, told: Readonly<Record<string, string>>): void {
  response.writeHead(200, {
    "content-type": "application/x-ndjson; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
    ...told,
  });
}

function lineOf(line: RecordLine): string {
  return `${JSON.stringify(line)}\n`;
}
