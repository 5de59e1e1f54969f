/**
 * Keyplane for WebSockets of the package `ws`, version 8.
 *
 * @packageDocumentation
 */

import type { Guard, GuardVerdict } from "../guard/guard.js";
import { realTimers } from "../usage/timers.js";
import type { ReadingOptions, Requirement } from "./core/options.js";
import { createPolicy } from "./core/policy.js";
import type { Problem } from "./core/problem.js";
import { type NodeRequest, viewOfNode } from "./core/request-view.js";
import type { ValidVerdict } from "./core/verdict.js";

export type { CallUsage, Given, ReadingOptions, Requirement } from "./core/options.js";
export type { NodeRequest } from "./core/request-view.js";
export { type ValidVerdict, verdictOf } from "./core/verdict.js";

/** The code with which a socket is closed whose key is refused; its reason is the verdict's code. */
export const closeCode = 4401;
/** How long a socket may take to close after it was told to, in milliseconds. */
const closeMs = 2_000;

/** The connection of a request to upgrade. */
export interface UpgradeSocket {
  readonly destroyed: boolean;
  end(text: string): unknown;
  destroy(): unknown;
  on(event: "error", listener: () => void): unknown;
  once(event: "finish", listener: () => void): unknown;
  off(event: "error", listener: () => void): unknown;
}

/** A socket of `ws`. */
export interface OpenSocket {
  close(code: number, reason: string): unknown;
  terminate(): unknown;
  removeAllListeners(event: string): unknown;
  once(event: "close", listener: () => void): unknown;
}

/** A `WebSocketServer` of `ws`. */
export interface UpgradeServer<Request, Socket, Head, Opened> {
  readonly options: { readonly noServer?: boolean | undefined };
  handleUpgrade(request: Request, socket: Socket, head: Head, callback: (opened: Opened) => void): void;
  emit(event: "connection", opened: Opened, request: Request): unknown;
}

/** The options of {@link protectUpgrade}. */
export interface UpgradeOptions<Request extends NodeRequest = NodeRequest>
  extends Requirement<[request: Request]>,
    ReadingOptions<[request: Request]> {
  /** Told of what the guard, or a function among these options, throws; the caller gets a 500. Default: `console.error`. */
  readonly onError?: ((error: unknown, request: Request) => void) | undefined;
}

/**
 * Makes a listener for the event `upgrade` of an HTTP server: `server.on("upgrade", protectUpgrade(wss, guard))`. It hands only
 * requests with a valid key to the `WebSocketServer`, and answers others with a problem (RFC 9457). A socket whose
 * key is refused later is closed with the code 4401, and nothing that it still sends is listened to.
 *
 * @param server made with `noServer: true`: one that listens by itself would let everybody in.
 * @throws TypeError for options that cannot be meant.
 */
export function protectUpgrade<
  Request extends NodeRequest,
  Socket extends UpgradeSocket,
  Head,
  Opened extends OpenSocket,
>(
  server: UpgradeServer<Request, Socket, Head, Opened>,
  guard: Guard,
  options: UpgradeOptions<Request> = {},
): (request: Request, socket: Socket, head: Head) => void {
  if (server?.options?.noServer !== true) {
    throw new TypeError(
      "Make the WebSocketServer with { noServer: true }: as it is, it takes upgrades without asking.",
    );
  }
  const { onError = (error: unknown) => console.error(error) } = options;
  const policy = createPolicy<[request: Request]>(guard, options, ["onError"]);

  /** @returns the verdict of a request to let in; null for one that was answered. */
  async function admit(request: Request, socket: Socket): Promise<ValidVerdict | null> {
    const { remoteAddress } = request.socket ?? {};
    const { verdict, problem } = await policy.admit(viewOfNode(request), remoteAddress, [request]);
    if (problem) refuse(socket, problem);
    return verdict;
  }

  function upgrade(request: Request, socket: Socket, head: Head, verdict: ValidVerdict): void {
    server.handleUpgrade(request, socket, head, (opened) => {
      (request as { keyplane?: ValidVerdict }).keyplane = verdict;
      if (isBound(opened, verdict)) server.emit("connection", opened, request);
    });
  }

  /** @returns whether the socket may be used: the key may have been refused while it was opened. */
  function isBound(opened: OpenSocket, verdict: ValidVerdict): boolean {
    let isRefused = false;
    const release = policy.bind(verdict, (refusal) => {
      isRefused = true;
      closeSocket(opened, refusal);
    });
    opened.once("close", release);
    return !isRefused;
  }

  return (request, socket, head) => {
    const destroy = (): void => void socket.destroy();
    // An error that nobody listens to would end the process.
    socket.on("error", destroy);
    void admit(request, socket).then(
      (verdict) => {
        if (!verdict) return;
        socket.off("error", destroy);
        upgrade(request, socket, head, verdict);
      },
      (error: unknown) => {
        refuse(socket, failure);
        onError(error, request);
      },
    );
  };
}

/** Closes a socket, also when the other side does not answer, and is deaf to what it still sends. */
function closeSocket(opened: OpenSocket, { code }: GuardVerdict): void {
  opened.removeAllListeners("message");
  opened.close(closeCode, code);
  realTimers.after(closeMs, () => opened.terminate(), false);
}

/** What a caller gets when the guard fails: nothing of what went wrong. */
const failure: Problem = {
  status: 500,
  headers: { "content-type": "application/problem+json; charset=utf-8", "cache-control": "no-store" },
  body: JSON.stringify({ type: "about:blank", title: "Internal Server Error", status: 500 }),
};

/** The words of the status line, which mean nothing to programs (RFC 9112, section 4). */
const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  410: "Gone",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** Answers a request to upgrade as plain HTTP. */
function refuse(socket: UpgradeSocket, { status, headers, body }: Problem): void {
  if (socket.destroyed) return;
  const length = new TextEncoder().encode(body).length;
  const all = { ...headers, connection: "close", "content-length": String(length) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  socket.once("finish", () => socket.destroy());
  socket.end([`HTTP/1.1 ${status} ${reasons[status] ?? ""}`, ...lines, "", body].join("\r\n"));
}
