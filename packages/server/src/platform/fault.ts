import { type ErrorCode, errorCodes } from "@keyplane/schema";
import { isDatabaseAway } from "./database/index.js";

/**
 * What a caller is told of a failure that is no refusal of ours: nothing of what it was, and the request's id, under which
 * the log holds the rest. `UNAVAILABLE` is the one fault that mends itself, so a client may try again.
 */
export function faultOf(error: unknown, requestId: string): { code: ErrorCode; message: string } {
  const code = isDatabaseAway(error) ? "UNAVAILABLE" : "INTERNAL";
  return { code, message: `${errorCodes[code].message} Request id: ${requestId}.` };
}
