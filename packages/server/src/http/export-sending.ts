import type { ServerResponse } from "node:http";
import type { UsageExport } from "../modules/usage/index.js";

/** How much is written at a time: a reader must take this much, give or take what its connection buffers, before it is asked to hurry. */
const pieceBytes = 65_536;

/** An export ends before its end, and nothing of ours has failed. */
export class ExportEnded extends Error {}

export interface SendingOptions {
  /** How long the reader may take nothing, in milliseconds. */
  readonly idleMs: number;
  /** Asked before each page. Throws when the reader may not read on. */
  readonly checkReader: () => Promise<void>;
}

/**
 * Writes an export page by page, as fast as its reader takes it.
 *
 * @throws ExportEnded when the reader goes away, or takes nothing for `idleMs`; whatever `checkReader` and the pages throw.
 */
export async function sendExport(
  response: ServerResponse,
  { format, rows }: UsageExport,
  { idleMs, checkReader }: SendingOptions,
): Promise<void> {
  let first = true;
  for await (const page of rows) {
    if (page.length === 0) continue;
    await checkReader();
    await write(response, Buffer.from(format.write(page, first)), idleMs);
    first = false;
  }
  insistOnReader(response);
  response.end();
  if (!response.writableFinished) await happens(response, "finish", idleMs);
}

async function write(response: ServerResponse, bytes: Buffer, idleMs: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    insistOnReader(response);
    if (!response.write(bytes.subarray(at, at + pieceBytes))) await happens(response, "drain", idleMs);
  }
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
    const tooSlow = new ExportEnded(`Its reader took nothing for ${idleMs / 1_000} seconds.`);
    const timer = setTimeout(() => settle(() => reject(tooSlow)), idleMs);
    response.once(event, onEvent).once("close", onClose);
  });
}

const wentAway = (): ExportEnded => new ExportEnded("Its reader went away.");
