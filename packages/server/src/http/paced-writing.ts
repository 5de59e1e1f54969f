import type { ServerResponse } from "node:http";

/** How long a reader may take nothing, in milliseconds. */
export const usualIdleMs = 30_000;
/** How much is written at a time: a reader must take this much, give or take what its connection buffers, before it is asked to hurry. */
const pieceBytes = 65_536;

/** An answer ends before its end, and nothing of ours has failed. */
export class AnswerEnded extends Error {}

/**
 * Writes as fast as the reader takes it.
 *
 * @param idleMs how long the reader may take nothing, in milliseconds.
 * @throws AnswerEnded when the reader goes away, or takes nothing for so long.
 */
export async function writePaced(response: ServerResponse, bytes: Buffer, idleMs: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    insistOnReader(response);
    if (!response.write(bytes.subarray(at, at + pieceBytes))) await happens(response, "drain", idleMs);
  }
}

/** Ends an answer; resolves when the reader has taken all of it. @throws as `writePaced` does. */
export async function endPaced(response: ServerResponse, idleMs: number): Promise<void> {
  insistOnReader(response);
  response.end();
  if (!response.writableFinished) await happens(response, "finish", idleMs);
}

function insistOnReader(response: ServerResponse): void {
  if (response.destroyed) throw wentAway();
}

function happens(response: ServerResponse, event: "drain" | "finish", idleMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (result: () => void): void => {
      clearTimeout(timer);
      response.off(event, onEvent).off("close", onClose);
      result();
    };
    const onEvent = (): void => settle(resolve);
    const onClose = (): void => settle(() => reject(wentAway()));
    const tooSlow = new AnswerEnded(`Its reader took nothing for ${idleMs / 1_000} seconds.`);
    const timer = setTimeout(() => settle(() => reject(tooSlow)), idleMs);
    response.once(event, onEvent).once("close", onClose);
  });
}

const wentAway = (): AnswerEnded => new AnswerEnded("Its reader went away.");
