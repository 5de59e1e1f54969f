import type { Download } from "../client/download.js";
import { ConnectionError, ServerError } from "../client/errors.js";
import type { RequestOptions } from "../client/options.js";
import type { ChangeLog } from "./change-log.js";
import { somethingNew } from "./change-log.js";
import type { Freshness } from "./freshness.js";
import type { HeldKey, Reading } from "./held.js";
import type { KeyMemory } from "./key-memory.js";
import { type KeyLine, parseRecordLine, type RecordLine, RecordLineError } from "./record-lines.js";
import type { SteadyClock } from "./steady-clock.js";

/** Which keys to read: those with these hashes or ids, at most 500, or all of a tenant, or all that the token may see. */
export type RecordQuestion =
  | { readonly hashes: readonly string[] }
  | { readonly keyIds: readonly string[] }
  | { readonly tenantId?: string | undefined };

/** How many hashes or ids one question may name. */
export const maxAsked = 500;

/** What a line says of an owner or a tenant. */
export type PartyLine = Extract<RecordLine, { readonly type: "owner" | "tenant" }>;

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
  readonly #tenantId: string | undefined;
  readonly #onParty: (line: PartyLine, install: () => void) => void;
  readonly #onRead: (line: KeyLine, install: () => void) => void;
  /** What is being answered. */
  readonly #underWay = new Set<Reading>();

  /**
   * @param deps.tenantId whose keys to take. By hash or id the server answers all that the token may see, and nothing would be
   * heard of what happens to the keys of others.
   * @param deps.onParty told of each owner and tenant before it is taken; it calls `install`.
   * @param deps.onRead the same of each key.
   */
  constructor(deps: {
    download: Download;
    memory: KeyMemory;
    changes: ChangeLog;
    freshness: Freshness;
    clock: SteadyClock;
    tenantId: string | undefined;
    onParty: (line: PartyLine, install: () => void) => void;
    onRead: (line: KeyLine, install: () => void) => void;
  }) {
    this.#download = deps.download;
    this.#memory = deps.memory;
    this.#changes = deps.changes;
    this.#freshness = deps.freshness;
    this.#clock = deps.clock;
    this.#tenantId = deps.tenantId;
    this.#onParty = deps.onParty;
    this.#onRead = deps.onRead;
  }

  /** Whether a key comes from an answer that has not ended: whoever waits for it has not looked at it yet. */
  isReading({ readAt }: HeldKey): boolean {
    for (const { sentAt } of this.#underWay) if (sentAt === readAt) return true;
    return false;
  }

  /**
   * @param isWhole whether keys that are not known are left out where the memory is full, instead of making room for them.
   * @throws KeyplaneError
   */
  async read(question: RecordQuestion, options: RequestOptions, isWhole = false): Promise<Read> {
    const change = this.#changes.begin();
    // Before the request leaves: the server answers with what was true when it came, or later.
    const reading = { sentAt: this.#clock.now(), epoch: this.#freshness.epoch };
    this.#underWay.add(reading);
    const found = new Set<string>();
    const hashes = new Set<string>();
    const changed: string[] = [];
    /** Owners and tenants of this answer, which stand before their keys. */
    const parties = new Map<string, PartyLine>();
    let lines = 0;
    let isCut = false;
    let ended: number | undefined;

    const take = (line: RecordLine): void => {
      if (line.type === "end") {
        ended = line.keys;
      } else if (line.type !== "key") {
        const { id, tenantId } = line.type === "owner" ? line.owner : { id: line.tenant.id, tenantId: line.tenant.id };
        if (this.#isWanted(tenantId) && !change.hasChanged(id)) {
          parties.set(id, line);
          this.#onParty(line, () => this.#memory.installParty(line, reading));
        }
      } else {
        const { id, ownerId, tenantId } = line.line.key;
        // A key that changes while all are read may come twice.
        lines += 1;
        if (!this.#isWanted(tenantId)) return;
        found.add(id);
        for (const { hash } of line.line.secrets) hashes.add(hash);
        if ([id, ownerId, tenantId].some(change.hasChanged)) changed.push(id);
        else if (isWhole && this.#memory.isFull && !this.#memory.key(id)) isCut = true;
        else {
          // Another answer may have made room meanwhile, and an owner or a tenant without a key is forgotten first.
          const [tenant, owner] = [parties.get(tenantId), parties.get(ownerId)];
          if (tenant && !this.#memory.tenant(tenantId)) this.#memory.installParty(tenant, reading);
          if (owner && !this.#memory.owner(ownerId)) this.#memory.installParty(owner, reading);
          this.#onRead(line.line, () => this.#memory.installKey(line.line, reading));
        }
      }
    };

    try {
      for await (const line of this.#lines(question, options)) take(line);
      if (ended !== lines) {
        throw new ConnectionError("The answer with keys broke off before its end.", { neverSent: false });
      }
      if (isCut) this.#memory.forgetUnused();
      // Not before whoever waited for these keys has looked at them.
      setTimeout(() => this.#memory.makeRoom(), 0);
      return { reading, found, hashes, changed, mayLackNew: change.hasChanged(somethingNew), isCut };
    } finally {
      this.#underWay.delete(reading);
      change.end();
    }
  }

  #isWanted(tenantId: string): boolean {
    return this.#tenantId === undefined || this.#tenantId === tenantId;
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
