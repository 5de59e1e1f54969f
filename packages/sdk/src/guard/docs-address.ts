import { type DocsPages, docsPagesAt } from "@keyplane/schema";
import type { Fetch } from "../client/options.js";

/** Longer addresses are taken neither from a server nor from a file. */
const maxLength = 512;

/** In which header a server tells its public address. */
export const publicUrlHeader = "x-keyplane-public-url";

/**
 * Where the pages about codes are, which callers of the API are sent to: at the option `docsUrl`, else where the server says that
 * people reach it, else where this guard reaches it. The latter may be an internal address, and is not for strangers.
 */
export class DocsAddress {
  readonly #isGiven: boolean;
  #publicUrl: string | null = null;
  #pages: DocsPages;
  #listener: (pages: DocsPages) => void = () => undefined;

  /**
   * @param given the option, checked; undefined: it was left out.
   * @param serverUrl the address of the server's GraphQL.
   */
  constructor(given: string | undefined, serverUrl: string) {
    this.#isGiven = given !== undefined;
    this.#pages = docsPagesAt(given ?? `${new URL(serverUrl).origin}/docs`);
  }

  /** Made ahead: every verdict names one of them. */
  get pages(): DocsPages {
    return this.#pages;
  }

  /** What the server has said, an origin; null: nothing yet. */
  get publicUrl(): string | null {
    return this.#publicUrl;
  }

  /** Calls back now, and whenever the pages are elsewhere. */
  follow(listener: (pages: DocsPages) => void): void {
    this.#listener = listener;
    listener(this.#pages);
  }

  /** A `fetch` that learns the address from every answer of the server. Older servers say nothing, nor do those that were told none. */
  learningFrom(fetch: Fetch): Fetch {
    return async (url, init) => {
      const response = await fetch(url, init);
      // What refuses may be a proxy.
      if (response.status === 200) this.learn(response.headers.get(publicUrlHeader));
      return response;
    };
  }

  /** Takes what a server has said, also before a restart. What is no address of a server is left aside. */
  learn(told: unknown): void {
    if (told === this.#publicUrl || !isOrigin(told)) return;
    this.#publicUrl = told;
    if (this.#isGiven) return;
    this.#pages = docsPagesAt(`${told}/docs`);
    this.#listener(this.#pages);
  }
}

/** Whether it is the address of a server, without a path. */
function isOrigin(told: unknown): told is string {
  if (typeof told !== "string" || told.length > maxLength || !URL.canParse(told)) return false;
  const { protocol, origin } = new URL(told);
  return (protocol === "https:" || protocol === "http:") && origin === told;
}
