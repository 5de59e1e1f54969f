import { builtinModule } from "./key-hash.js";
import type { Knowledge, SavedLine } from "./knowledge.js";
import { formatRecordLine, parseRecordLine } from "./record-lines.js";
import type { SteadyClock } from "./steady-clock.js";

/** The parts of Node's file system that are used. */
interface FileSystem {
  readFile(path: string, encoding: "utf8"): Promise<string>;
  writeFile(path: string, data: string, options: { readonly mode: number; readonly flag: "wx" }): Promise<void>;
  rm(path: string, options: { readonly force: true }): Promise<void>;
  rename(from: string, to: string): Promise<void>;
}

/** The first line: whose records follow, and as of when. */
interface Header {
  readonly type: "snapshot";
  readonly version: 1;
  readonly url: string;
  readonly tenantId: string | null;
  readonly cursor: string;
  /** As of when it is true, epoch milliseconds. */
  readonly asOf: number;
  /** Whether all keys are in it. */
  readonly complete: boolean;
  readonly keys: number;
}

/** What is known, in a file: the lines of `POST /v1/verification-records`, behind a line that says as of when. */
export class SnapshotFile {
  readonly #files: FileSystem;
  readonly #path: string;
  readonly #url: string;
  readonly #tenantId: string | null;

  /** @throws TypeError where there is no file system. */
  constructor(path: string, url: string, tenantId: string | undefined) {
    const files = builtinModule<FileSystem>("node:fs/promises");
    if (!files) throw new TypeError("snapshotFile: There is no file system here. Leave it out.");
    this.#files = files;
    this.#path = path;
    this.#url = url;
    this.#tenantId = tenantId ?? null;
  }

  /**
   * Takes what was saved, if it is of the same server and tenant.
   *
   * @returns the place in the log of events from which to go on; null where nothing was taken.
   * @throws Error for a file that cannot be read: nothing is taken then.
   */
  async restore(knowledge: Knowledge, clock: SteadyClock): Promise<string | null> {
    const text = await this.#files.readFile(this.#path, "utf8").catch(noneIfMissing);
    if (text === null) return null;
    const [first = "", ...lines] = text.split("\n");
    const header = JSON.parse(first) as Header;
    if (header.type !== "snapshot" || header.version !== 1 || typeof header.cursor !== "string") {
      throw new Error(`${this.#path} is no snapshot of a guard.`);
    }
    if (header.url !== this.#url || header.tenantId !== this.#tenantId) return null;
    const records = lines.filter((line) => line !== "").map(parseRecordLine);
    const keys = records.filter((line) => line?.type === "key").length;
    if (keys !== header.keys) throw new Error(`${this.#path} is cut off, or was changed.`);
    const now = clock.now();
    const ageMs = clock.wall - header.asOf;
    // A clock that was set back says nothing of its age.
    const asOf = ageMs >= 0 ? now - ageMs : Number.NEGATIVE_INFINITY;
    const saved = records.filter((line): line is SavedLine => line !== null && line.type !== "end");
    knowledge.restore(saved, asOf, header.complete);
    return header.cursor;
  }

  /** Saves what is known, as a whole or not at all. */
  async save(knowledge: Knowledge, cursor: string, clock: SteadyClock): Promise<void> {
    const { memory, freshness } = knowledge;
    // After a gap, or a restart without network, nobody knows yet what of it is true at this place.
    if (freshness.asOf === Number.NEGATIVE_INFINITY) return;
    const lines: string[] = [];
    const written = new Set<unknown>();
    let keys = 0;
    const now = clock.now();
    for (const held of memory.keys()) {
      // What waits to be read again, or is of before a gap, is read anew after a restart: its events are not told again.
      if (memory.asOfChange(held) !== Number.POSITIVE_INFINITY || memory.asOf(held) < freshness.asOf) continue;
      const { tenant, owner } = held;
      if (!written.has(tenant)) lines.push(formatRecordLine({ type: "tenant", tenant: tenant.state }));
      if (owner && !written.has(owner)) lines.push(formatRecordLine({ type: "owner", owner: owner.state }));
      written.add(tenant).add(owner);
      const secrets = held.secrets.map(({ hash, state }) => ({ hash, state }));
      const line = { key: held.state, secrets, isServerDecided: held.isServerDecided };
      lines.push(formatRecordLine({ type: "key", line }));
      keys += 1;
    }
    const header: Header = {
      type: "snapshot",
      version: 1,
      url: this.#url,
      tenantId: this.#tenantId,
      cursor,
      asOf: clock.wall - (now - freshness.asOf),
      complete: knowledge.isWholeNow && keys === memory.size,
      keys,
    };
    const temporary = `${this.#path}.new`;
    // A file that is there already would keep its mode, or be a link to somewhere else.
    await this.#files.rm(temporary, { force: true });
    await this.#files.writeFile(temporary, [JSON.stringify(header), ...lines, ""].join("\n"), {
      mode: 0o600,
      flag: "wx",
    });
    await this.#files.rename(temporary, this.#path);
  }
}

function noneIfMissing(error: Error & { readonly code?: string }): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
