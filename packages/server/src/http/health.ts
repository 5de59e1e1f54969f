import type { ServerResponse } from "node:http";
import { sendJson } from "./responses.js";

/** How long the readiness check waits for the database, in milliseconds. */
const waitMs = 2_000;

/** `/healthz`: the process answers. Says nothing of the database, so that a supervisor does not restart us for its fault. */
export function answerHealth(response: ServerResponse): void {
  sendJson(response, 200, { status: "ok" });
}

/** `/readyz`: requests can be served. 503 while stopping or while the database does not answer. */
export async function answerReadiness(
  response: ServerResponse,
  state: { stopping: boolean; ping: () => Promise<void> },
): Promise<void> {
  if (state.stopping) return sendJson(response, 503, { status: "stopping" });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), waitMs);
  });
  const answers = await Promise.race([
    state.ping().then(
      () => true,
      () => false,
    ),
    late,
  ]);
  clearTimeout(timer);
  if (answers) sendJson(response, 200, { status: "ready", database: "ok" });
  else sendJson(response, 503, { status: "unavailable", database: "no answer" });
}
