import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import { InterruptedError, UsageError } from "./exit-codes.js";

/** Where a command reads and writes: the process's own streams, or a test's. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** No key, token or password comes near it. */
const maxSecretBytes = 16_384;

/** Asks people, at the terminal, and reads what is piped. Questions go to standard error: standard output is the result's. */
export class Terminal {
  readonly #streams: Streams;

  constructor(streams: Streams) {
    this.#streams = streams;
  }

  /** Whether somebody is there to be asked. */
  get isInteractive(): boolean {
    return this.#streams.stdin.isTTY === true && this.#streams.stderr.isTTY === true;
  }

  /**
   * A secret: what is piped, without the line break at its end, or what somebody types, unseen.
   *
   * @throws UsageError when there is none; InterruptedError.
   */
  async secret(name: string): Promise<string> {
    const secret = this.isInteractive ? await this.#ask(`${name} (not shown): `, "hidden") : await this.piped(name);
    if (secret === "") throw new UsageError(`No ${name.toLowerCase()} was given.`);
    return secret;
  }

  /** What is piped, without one line break at its end. @throws UsageError when nobody pipes anything, or too much. */
  async piped(name: string): Promise<string> {
    const { stdin } = this.#streams;
    if (stdin.isTTY) throw new UsageError(`Pipe the ${name.toLowerCase()} to standard input.`);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of stdin) {
      const piece = Buffer.from(chunk);
      bytes += piece.length;
      if (bytes > maxSecretBytes) throw new UsageError(`Standard input is too long for a ${name.toLowerCase()}.`);
      chunks.push(piece);
    }
    return Buffer.concat(chunks)
      .toString("utf8")
      .replace(/\r?\n$/, "");
  }

  /** A line that somebody types. @throws UsageError when nobody can be asked; InterruptedError. */
  async line(question: string, instead: string): Promise<string> {
    if (!this.isInteractive) throw new UsageError(instead);
    return (await this.#ask(`${question}: `, "shown")).trim();
  }

  /** Whether somebody agrees; anything but a yes is a no. @throws InterruptedError */
  async confirm(question: string): Promise<boolean> {
    return /^y(es)?$/i.test((await this.#ask(`${question} [y/N] `, "shown")).trim());
  }

  async #ask(question: string, echo: "shown" | "hidden"): Promise<string> {
    const { stdin, stderr } = this.#streams;
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    // With `terminal`, readline sets the terminal to raw mode: only readline would echo, and it writes to nowhere.
    const lines: Interface = createInterface({
      input: stdin,
      output: echo === "hidden" ? nowhere : stderr,
      terminal: true,
    });
    try {
      return await new Promise<string>((resolve, reject) => {
        lines.once("SIGINT", () => reject(new InterruptedError("Nothing was done.")));
        lines.once("close", () => reject(new InterruptedError("Nothing was done.")));
        if (echo === "hidden") stderr.write(question);
        lines.question(echo === "hidden" ? "" : question, resolve);
      });
    } finally {
      lines.close();
      if (echo === "hidden") stderr.write("\n");
    }
  }
}
