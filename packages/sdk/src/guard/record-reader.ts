import type { Download } from "../client/download.js";
import { ConnectionError, ServerError } from "../client/errors.js";
import type { RequestOptions } from "../client/options.js";
import type { ChangeLog } from "./change-log.js";
import { somethingNew } from "./change-log.js";
import type { Freshness } from "./freshness.js";
import type { KeyMemory, Reading } from "./key-memory.js";
import { type KeyLine, parseRecordLine, type RecordLine, RecordLineError } from "./record-lines.js";
import type { SteadyClock } from "./steady-clock.js";

/** Which keys to read: those with these hashes or ids, at most 500, or all of a tenant, or all that the token may see. */
export type RecordQuestion =
  | { readonly hashes: readonly string[] }
  | { readonly keyIds: readonly string[] }
  | { readonly tenantId?: string | undefined };

/** How many hashes or ids one question may name. */
export const maxAsked = 500;

/** What came of a question. */
export interface Read {
  readonly reading: Reading;
  /** The ids of the keys that were answered. */
  readonly found: ReadonlySet<string>;
  /** The hashes that were answered. */
  readonly hashes: ReadonlySet<string>;
  /** Keys that changed while the answer was on its way: they must be read again. */
  readonly changed: readonly string[];
  /** Whether a key may have come into being while the answer was on its way. */
  readonly mayLackNew: boolean;
  /** Whether some keys were left out, because the memory is full. */
  readonly isCut: boolean;
}

/** Reads keys from the server into memory: the only way in which a key gets there, or becomes valid again. */
export class RecordReader {
  readonly #download: Download;
  readonly #memory: KeyMemory;
  readonly #changes: ChangeLog;
  readonly #freshness: Freshness;
  readonly #clock: SteadyClock;
  readonly #onRead: (line: KeyLine, install: () => void) => void;

  /** @param deps.onRead told of each key before it is taken; it calls `install`. */
  constructor(deps: {
    download: Download;
    memory: KeyMemory;
    changes: ChangeLog;
    freshness: Freshness;
    clock: SteadyClock;
    onRead: (line: KeyLine, install: () => void) => void;
  }) {
    this.#download = deps.download;
    this.#memory = deps.memory;
    this.#changes = deps.changes;
    this.#freshness = deps.freshness;
    this.#clock = deps.clock;
    this.#onRead = deps.onRead;
  }

  /**
   * @param isWhole whether keys that are not known are left out where the memory is full, instead of making room for them.
   * @throws KeyplaneError
   */
  async read(question: RecordQuestion, options: RequestOptions, isWhole = false): Promise<Read> {
    const change = this.#changes.begin();
    // Before the request leaves: the server answers with what was true when it came, or later.
    const reading = { sentAt: this.#clock.now(), epoch: this.#freshness.epoch };
    const found = new Set<string>();
    const hashes = new Set<string>();
    const changed: string[] = [];
    let lines = 0;
    let isCut = false;
    let ended: number | undefined;

    const take = (line: RecordLine): void => {
      if (line.type === "end") {
        ended = line.keys;
      } else if (line.type !== "key") {
        const { id } = line.type === "owner" ? line.owner : line.tenant;
        if (!change.hasChanged(id)) this.#memory.installParty(line, reading);
      } else {
        const { id, ownerId, tenantId } = line.line.key;
        // A key that changes while all are read may come twice.
        lines += 1;
        found.add(id);
        for (const { hash } of line.line.secrets) hashes.add(hash);
        if ([id, ownerId, tenantId].some(change.hasChanged)) changed.push(id);
        else if (isWhole && this.#memory.isFull && !this.#memory.key(id)) isCut = true;
        else this.#onRead(line.line, () => this.#memory.installKey(line.line, reading));
      }
    };

    try {
      for await (const line of this.#lines(question, options)) take(line);
      if (ended !== lines) {
        throw new ConnectionError("The answer with keys broke off before its end.", { neverSent: false });
      }
      this.#memory.makeRoom();
      return { reading, found, hashes, changed, mayLackNew: change.hasChanged(somethingNew), isCut };
    } finally {
      change.end();
    }
  }

  async *#lines(question: RecordQuestion, options: RequestOptions): AsyncGenerator<RecordLine, void, undefined> {
    const request = { path: "/v1/verification-records", type: "application/x-ndjson", body: JSON.stringify(question) };
    let rest = "";
    for await (const text of this.#download(request, options)) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const parsed = parse(line);
        if (parsed) yield parsed;
      }
    }
  }
}

function parse(line: string): RecordLine | null {
  try {
    return parseRecordLine(line);
  } catch (error) {
    if (!(error instanceof RecordLineError)) throw error;
    throw new ServerError(`${error.message} What answers is no Keyplane server of a version that fits.`, {
      code: "INVALID_RESPONSE",
    });
  }
}
