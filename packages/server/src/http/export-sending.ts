import type { ServerResponse } from "node:http";
import type { UsageExport } from "../modules/usage/index.js";
import { endPaced, writePaced } from "./paced-writing.js";

export interface SendingOptions {
  /** How long the reader may take nothing, in milliseconds. */
  readonly idleMs: number;
  /** Asked before each page. Throws when the reader may not read on. */
  readonly checkReader: () => Promise<void>;
}

/**
 * Writes an export page by page, as fast as its reader takes it.
 *
 * @throws AnswerEnded when the reader goes away, or takes nothing for `idleMs`; whatever `checkReader` and the pages throw.
 */
export async function sendExport(
  response: ServerResponse,
  { format, table: { columns, rows } }: UsageExport,
  { idleMs, checkReader }: SendingOptions,
): Promise<void> {
  const head = format.head(columns);
  if (head !== "") await writePaced(response, Buffer.from(head), idleMs);
  for await (const page of rows) {
    if (page.length === 0) continue;
    await checkReader();
    await writePaced(response, Buffer.from(format.write(page, columns)), idleMs);
  }
  await endPaced(response, idleMs);
}
