import type { ResolvedOptions } from "../client/options.js";
import type { CredentialSource } from "../credentials/credential-source.js";
import { builtinModule } from "./builtin-module.js";
import type { DocsAddress } from "./docs-address.js";
import type { Reading } from "./held.js";
import { hashOfHexBytes, hashOfKey, hexOfHash } from "./key-hash.js";
import type { KeyMemory } from "./key-memory.js";
import type { Knowledge } from "./knowledge.js";
import { formatRecordLine, type KeyLine, parseRecordLine, type RecordLine } from "./record-lines.js";
import { SavedKey, type SavedText } from "./saved-keys.js";
import type { SteadyClock } from "./steady-clock.js";

/** The part of Node's `Buffer` that is used. */
interface Bytes {
  readonly [index: number]: number;
  readonly length: number;
  subarray(from: number): Bytes;
  indexOf(byte: number, from: number): number;
  toString(encoding: "utf8" | "latin1", from: number, to: number): string;
}

/** The part of Node's file system that is used. */
export interface FileSystem {
  readFile(path: string): Promise<Bytes>;
  writeFile(path: string, data: string, options: { readonly mode: number; readonly flag: "wx" }): Promise<void>;
  rm(path: string, options: { readonly force: true }): Promise<void>;
  rename(from: string, to: string): Promise<void>;
}

interface Compression {
  readonly crc32?: (data: Bytes | string) => number;
}

/** CRC-32, of which every file system's rare slip would be told; where the runtime has none, 0. */
const checksumOf = builtinModule<Compression>("node:zlib")?.crc32 ?? (() => 0);

/**
 * To be raised whenever the lines say something that they did not say before: a guard would go on from an older file's place without it,
 * and nobody would tell it again. Since 2 they have what a key says itself of an overdue rotation.
 */
const snapshotVersion = 2;

/** The first line: whose records follow, and as of when. */
interface Header {
  readonly type: "guard snapshot";
  readonly version: number;
  readonly url: string;
  readonly tenantId: string | null;
  /**
   * The SHA-256 of the token that was used, or of the name of whom renewed tokens stand for: anybody else may see other keys,
   * and hears of other events.
   */
  readonly token: string;
  /** The place in the log of events. */
  readonly cursor: string;
  /** As of when it is true, epoch milliseconds. */
  readonly asOf: number;
  /** Whether these are all keys that there are. */
  readonly complete: boolean;
  /** Of all that follows. */
  readonly checksum: number;
  /** Where the server says that people reach it. Files of older guards, and of servers that do not say it, have none. */
  readonly publicUrl?: string;
}

const lineFeed = 10;
const space = 32;
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
  readonly #credentials: CredentialSource;
  readonly #docs: DocsAddress;

  /** @throws TypeError where there is no file system, or nothing that would tell whose the file is after a restart. */
  constructor(
    path: string,
    { url, credentials }: Pick<ResolvedOptions, "url" | "credentials">,
    tenantId: string | undefined,
    docs: DocsAddress,
    files: FileSystem | undefined = builtinModule<FileSystem>("node:fs/promises"),
  ) {
    if (!files) throw new TypeError("snapshotFile: There is no file system here. Leave it out.");
    if (credentials.identity.kind === "unknown") {
      const { missing } = credentials.identity;
      throw new TypeError(`snapshotFile: Nothing says whose tokens these are after a restart. Pass ${missing}.`);
    }
    this.#files = files;
    this.#path = path;
    this.#url = url;
    this.#credentials = credentials;
    this.#tenantId = tenantId ?? null;
    this.#docs = docs;
  }

  /**
   * Takes what was saved, if it is of the same server, tenant and credentials, and not of an older version of this file.
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
    // Written before this version was installed: all is read anew.
    if (header.version < snapshotVersion) return null;
    if (header.url !== this.#url || header.tenantId !== this.#tenantId) return null;
    if (header.token !== (await this.#identityHash())) return null;
    if (checksumOf(bytes.subarray(end + 1)) !== header.checksum) {
      throw new Error(`${this.#path} is cut off, or was changed. Remove it.`);
    }
    this.#docs.learn(header.publicUrl);
    const saved = readSaved(bytes, end + 1);
    const asOf = clock.ofWall(header.asOf);
    knowledge.restore((memory, reading) => install(saved, memory, reading, bytes), asOf, header.complete);
    return header.cursor;
  }

  /** Saves what is known, as a whole or not at all. */
  async save(knowledge: Knowledge, place: () => string | null, clock: SteadyClock): Promise<void> {
    const token = await this.#identityHash();
    const { memory, freshness } = knowledge;
    // From here to the file's text nothing may come in between: the place and what is true at it belong together.
    const cursor = place();
    // After a gap, or a restart without network, nobody knows yet what of it is true at this place.
    if (cursor === null || freshness.asOf === Number.NEGATIVE_INFINITY) return;
    const now = clock.now();
    const parties = new Set<string>();
    const keys: string[] = [];
    for (const held of memory.keys()) {
      // What waits to be read again, or is of before a gap, is read anew after a restart: its events are not told again.
      if (!memory.isCurrent(held)) continue;
      const { tenant, owner, state: key, isServerDecided } = held;
      parties.add(formatRecordLine({ type: "tenant", tenant: tenant.state }));
      if (owner) parties.add(formatRecordLine({ type: "owner", owner: owner.state }));
      const secrets = held.secrets.map(({ hash, state }) => ({ hash, state }));
      const record = formatRecordLine({ type: "key", line: { key, secrets, isServerDecided } });
      keys.push(`${key.id} ${secrets.map(({ hash }) => hash).join(" ")} ${record}`);
    }
    const text = [...parties, ...keys, ""].join("\n");
    const { publicUrl } = this.#docs;
    const header: Header = {
      type: "guard snapshot",
      version: snapshotVersion,
      url: this.#url,
      tenantId: this.#tenantId,
      token,
      cursor,
      asOf: clock.wall - (now - freshness.asOf),
      complete: knowledge.isWholeNow && keys.length === memory.size,
      checksum: checksumOf(text),
      ...(publicUrl !== null && { publicUrl }),
    };
    const temporary = `${this.#path}.new`;
    // A file that is there already would keep its mode, or be a link to somewhere else.
    await this.#files.rm(temporary, { force: true });
    const whole = `${JSON.stringify(header)}\n${text}`;
    await this.#files.writeFile(temporary, whole, { mode: 0o600, flag: "wx" });
    await this.#files.rename(temporary, this.#path);
  }

  async #identityHash(): Promise<string> {
    const { identity, token } = this.#credentials;
    // No token can look like a name: names have a space in them.
    const hash = hashOfKey(identity.kind === "name" ? `identity ${identity.name}` : await token());
    return hexOfHash(hash instanceof Promise ? await hash : hash);
  }
}

interface Saved {
  readonly parties: readonly Exclude<RecordLine, { readonly type: "key" | "end" }>[];
  /** Of each line of a key, where it begins, and where it ends. */
  readonly keys: readonly number[];
}

/** Reads everything but the lines of keys. */
function readSaved(bytes: Bytes, start: number): Saved {
  const parties: Saved["parties"][number][] = [];
  const keys: number[] = [];
  for (
    let from = start, to = bytes.indexOf(lineFeed, from);
    to >= 0;
    from = to + 1, to = bytes.indexOf(lineFeed, from)
  ) {
    if (bytes[from] !== brace) {
      keys.push(from, to);
      continue;
    }
    const party = parseRecordLine(bytes.toString("utf8", from, to));
    if (party?.type === "owner" || party?.type === "tenant") parties.push(party);
  }
  return { parties, keys };
}

/** How long the hash of a secret is in hexadecimal. */
const hashWidth = 64;

function install({ parties, keys }: Saved, memory: KeyMemory, reading: Reading, bytes: Bytes): void {
  for (const party of parties) memory.installParty(party, reading);
  const text: SavedText = {
    idAt: (from) => bytes.toString("latin1", from, bytes.indexOf(space, from)),
    keyAt: (from, to) => keyOf(bytes.toString("utf8", from, to)),
  };
  memory.reserve(keys.length / 2);
  for (let index = 0; index < keys.length; index += 2) {
    const [from, to] = [keys[index] as number, keys[index + 1] as number];
    let at = from;
    while (at < to && bytes[at] !== space) at += 1;
    const hashes = at + 1;
    let record = hashes;
    while (record < to && bytes[record] !== brace) record += hashWidth + 1;
    const saved = new SavedKey(reading, text, from, record, to);
    memory.installSaved(saved);
    for (at = hashes; at < record; at += hashWidth + 1) memory.installSavedHash(saved, hashOfHexBytes(bytes, at));
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
    const { type, version, cursor } = header;
    const isOurs = type === "guard snapshot" && typeof version === "number" && version <= snapshotVersion;
    return isOurs && typeof cursor === "string" ? (header as Header) : null;
  } catch {
    return null; // it is something else
  }
}

function noneIfMissing(error: Error & { readonly code?: string }): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
