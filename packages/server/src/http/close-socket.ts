import type { CloseCode } from "graphql-ws";
import type { WebSocket } from "ws";

/** How long a socket may take to close after it was told to, in milliseconds. */
const closeMs = 2_000;
/** "Going away", of RFC 6455: connect again, here or elsewhere. */
export const goingAway = 1001;
/** "Try again later", of RFC 6455: clients of graphql-ws take it for what it is, and 4500 for a reason to give up. */
export const tryAgainLater = 1013;

/** Closes a socket, also when the other side does not answer. */
export function closeSocket(
  socket: WebSocket,
  code: CloseCode | typeof goingAway | typeof tryAgainLater,
  reason: string,
): void {
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), closeMs).unref();
}
