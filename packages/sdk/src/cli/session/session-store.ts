import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SessionTokens } from "../../credentials/credentials.js";
import { isCode, whileLocked } from "./file-lock.js";

/** A session as it is kept. */
export interface StoredSession extends Required<SessionTokens> {
  /** As whom somebody signed in. */
  readonly email: string;
}

interface Content {
  readonly version: 1;
  /** The server that is meant when none is named: the last one that somebody signed in to. */
  readonly current: string | null;
  /** By the server's address. */
  readonly sessions: Readonly<Record<string, StoredSession>>;
}

const nothing: Content = { version: 1, current: null, sessions: {} };

/**
 * The sessions of the user of this computer, one for each server, in a file that only this user may read. Processes that change
 * it do so one after the other.
 */
export class SessionStore {
  readonly path: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, "sessions.json");
  }

  /** The server that is meant when none is named. @throws Error for a file that is none of ours. */
  get current(): string | null {
    return this.#read().current;
  }

  /** The session at a server; null when nobody is signed in there. */
  find(url: string): StoredSession | null {
    const { sessions } = this.#read();
    return Object.hasOwn(sessions, url) ? (sessions[url] ?? null) : null;
  }

  /** Does work that may save and remove, while no other process does. */
  async exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#makeFolder();
    return whileLocked(`${this.path}.lock`, work);
  }

  /** Keeps a session. Only while it is done exclusively. @param makeCurrent that its server is meant from now on. */
  save(url: string, session: StoredSession, makeCurrent: boolean): void {
    const { current, sessions } = this.#read();
    this.#write({
      version: 1,
      current: makeCurrent ? url : current,
      sessions: { ...sessions, [url]: session },
    });
  }

  /** Forgets a session. Only while it is done exclusively. */
  remove(url: string): void {
    const { current, sessions } = this.#read();
    const { [url]: _removed, ...rest } = sessions;
    this.#write({ version: 1, current: current === url ? null : current, sessions: rest });
  }

  #read(): Content {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      if (isCode(error, "ENOENT")) return nothing;
      throw error;
    }
    const content = parse(text);
    if (content) return content;
    throw new Error(`${this.path} is no file of sessions that this version knows. Remove it, and sign in again.`);
  }

  /** As a whole or not at all: a process that is killed leaves the file before. */
  #write(content: Content): void {
    this.#makeFolder();
    const temporary = `${this.path}.new`;
    // A file that is there already would keep its mode, or be a link to somewhere else.
    rmSync(temporary, { force: true });
    writeFileSync(temporary, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    renameSync(temporary, this.path);
  }

  #makeFolder(): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    chmodSync(this.#folder, 0o700);
  }
}

function parse(text: string): Content | null {
  try {
    const content = JSON.parse(text) as Partial<Content> | null;
    const isOurs = content?.version === 1 && typeof content.sessions === "object" && content.sessions !== null;
    return isOurs ? (content as Content) : null;
  } catch {
    return null; // cut off, or somebody else's
  }
}
