import type { ErrorCode } from "@keyplane/schema";
import type { FetchResponse } from "../client/options.js";
import type { Trouble } from "./memory-server.js";
import { failure, answer as respond } from "./responses.js";

/** Nobody listens at the address. */
export const refused: Trouble = async () => {
  throw new TypeError("the connection was refused");
};

/** The request is taken, and nothing ever comes of it. */
export const hangs: Trouble = (_, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")), { once: true });
  });

/** A page of something that is no Keyplane server, such as a proxy under maintenance. */
export const aPage: Trouble = aPageOf(200);

/** The same with a status. */
export function aPageOf(status: number): Trouble {
  return async () => respond(status, "<h1>Back soon</h1>", "text/html");
}

/** An error of the server's own, by its status and code. */
export function fails(status: number, code: ErrorCode): Trouble {
  return async () => failure(status, code, code);
}

/** Answers that take so long to come. */
export function slow(ms: number): Trouble {
  return async (answer) => {
    const made = await answer();
    await new Promise((resolve) => setTimeout(resolve, ms));
    return made;
  };
}

/** Answers that are made at once, and come when the test lets them. */
export function heldBack(): { readonly trouble: Trouble; release(): void } {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const trouble: Trouble = async (answer): Promise<FetchResponse> => {
    const made = await answer();
    await released;
    return made;
  };
  return { trouble, release };
}

/** The answer breaks off after so many lines, and looks as if it had ended. */
export function cutAfter(lines: number): Trouble {
  return async (answer) => {
    const text = await (await answer()).text();
    return respond(200, `${text.split("\n").slice(0, lines).join("\n")}\n`, "application/x-ndjson");
  };
}
