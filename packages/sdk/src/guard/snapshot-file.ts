import { builtinModule, hashOfHex } from "./key-hash.js";
import { type KeyMemory, type Reading, SavedKey, type SavedText } from "./key-memory.js";
import type { Knowledge } from "./knowledge.js";
import { formatRecordLine, type KeyLine, parseRecordLine } from "./record-lines.js";
import type { SteadyClock } from "./steady-clock.js";

/** The part of Node's `Buffer` that is used. */
interface Bytes {
  readonly length: number;
  indexOf(byte: number, from: number): number;
  toString(encoding: "utf8" | "latin1", from: number, to: number): string;
}

/** The part of Node's file system that is used. */
interface FileSystem {
  readFile(path: string): Promise<Bytes>;
  writeFile(path: string, data: string, options: { readonly mode: number; readonly flag: "w" }): Promise<void>;
  rename(from: string, to: string): Promise<void>;
}

/** The first line: whose records follow, and as of when. */
interface Header {
  readonly type: "guard snapshot";
  readonly version: 1;
  readonly url: string;
  readonly tenantId: string | null;
  /** The place in the log of events. */
  readonly cursor: string;
  /** As of when it is true, epoch milliseconds. */
  readonly asOf: number;
  /** Whether these are all keys that there are. */
  readonly complete: boolean;
  readonly keys: number;
}

const lineFeed = 10;
const brace = 123;

/**
 * What a guard knows, in a file: a line that says as of when, then tenants and owners as `POST /v1/verification-records` has
 * them, then for each key its id, the hashes of its secrets and its record. Id and hashes stand before the record, so that
 * a start reads no record of a key that nobody presents.
 */
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
   * @throws Error for a file that cannot be read, or is no whole snapshot: nothing is taken then.
   */
  async restore(knowledge: Knowledge, clock: SteadyClock): Promise<string | null> {
    const bytes = await this.#files.readFile(this.#path).catch(noneIfMissing);
    if (bytes === null) return null;
    const end = bytes.indexOf(lineFeed, 0);
    const header = headerOf(bytes.toString("utf8", 0, Math.max(end, 0)));
    if (!header) throw new Error(`${this.#path} is no snapshot of a guard. Remove it, or name another file.`);
    if (header.url !== this.#url || header.tenantId !== this.#tenantId) return null;
    const saved = readSaved(bytes, end + 1);
    if (saved.keys.length !== header.keys) throw new Error(`${this.#path} is cut off, or was changed. Remove it.`);
    const now = clock.now();
    const ageMs = clock.wall - header.asOf;
    // A clock that was set back says nothing of its age.
    const asOf = ageMs >= 0 ? now - ageMs : Number.NEGATIVE_INFINITY;
    knowledge.restore((memory, reading) => install(saved, memory, reading, bytes), asOf, header.complete);
    return header.cursor;
  }

  /** Saves what is known, as a whole or not at all. */
  async save(knowledge: Knowledge, cursor: string, clock: SteadyClock): Promise<void> {
    const { memory, freshness } = knowledge;
    const now = clock.now();
    const parties = new Set<string>();
    const keys: string[] = [];
    for (const held of memory.keys()) {
      // What waits to be read again is older than the rest: it is asked for anew after a restart.
      if (memory.asOf(held) < freshness.asOf) continue;
      const { tenant, owner, state: key, isServerDecided } = held;
      parties.add(formatRecordLine({ type: "tenant", tenant: tenant.state }));
      if (owner) parties.add(formatRecordLine({ type: "owner", owner: owner.state }));
      const secrets = held.secrets.map(({ hash, state }) => ({ hash, state }));
      const record = formatRecordLine({ type: "key", line: { key, secrets, isServerDecided } });
      keys.push(`${key.id} ${secrets.map(({ hash }) => hash).join(" ")} ${record}`);
    }
    const header: Header = {
      type: "guard snapshot",
      version: 1,
      url: this.#url,
      tenantId: this.#tenantId,
      cursor,
      asOf: clock.wall - (now - freshness.asOf),
      complete: knowledge.isWhole && keys.length === memory.size,
      keys: keys.length,
    };
    const temporary = `${this.#path}.new`;
    const text = [JSON.stringify(header), ...parties, ...keys, ""].join("\n");
    await this.#files.writeFile(temporary, text, { mode: 0o600, flag: "w" });
    await this.#files.rename(temporary, this.#path);
  }
}

interface Saved {
  readonly parties: readonly string[];
  /** Where the lines of keys begin and end. */
  readonly keys: readonly (readonly [from: number, to: number])[];
}

/** Finds the lines, and reads none of them. */
function readSaved(bytes: Bytes, start: number): Saved {
  const parties: string[] = [];
  const keys: [number, number][] = [];
  for (
    let from = start, to = bytes.indexOf(lineFeed, from);
    to >= 0;
    from = to + 1, to = bytes.indexOf(lineFeed, from)
  ) {
    if (bytes.toString("latin1", from, from + 1) === "{") parties.push(bytes.toString("utf8", from, to));
    else keys.push([from, to]);
  }
  return { parties, keys };
}

function install({ parties, keys }: Saved, memory: KeyMemory, reading: Reading, bytes: Bytes): void {
  for (const party of parties) {
    const line = parseRecordLine(party);
    if (line?.type === "owner" || line?.type === "tenant") memory.installParty(line, reading);
  }
  const text: SavedText = { keyAt: (from, to) => keyOf(bytes.toString("utf8", from, to)) };
  for (const [from, to] of keys) {
    const [id = "", ...hashes] = bytes.toString("latin1", from, bytes.indexOf(brace, from) - 1).split(" ");
    memory.installSaved(new SavedKey(id, reading, text, bytes.indexOf(brace, from), to), hashes.map(hashOfHex));
  }
}

function keyOf(record: string): KeyLine {
  const line = parseRecordLine(record);
  if (line?.type !== "key") throw new Error("A snapshot of a guard was changed while it was read.");
  return line.line;
}

function headerOf(line: string): Header | null {
  try {
    const header = JSON.parse(line) as Partial<Header>;
    return header.type === "guard snapshot" && header.version === 1 ? (header as Header) : null;
  } catch {
    return null; // it is something else
  }
}

function noneIfMissing(error: Error & { readonly code?: string }): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
