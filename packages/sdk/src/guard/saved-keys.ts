import type { Reading } from "./held.js";
import type { KeyLine } from "./record-lines.js";

/** Where lines of saved keys stand. */
export interface SavedText {
  idAt(from: number): string;
  keyAt(from: number, to: number): KeyLine;
}

/** A key of a snapshot that nobody has asked for yet. It is read when somebody does, so that a start need not wait for all. */
export class SavedKey {
  readonly reading: Reading;
  /** Whether it was read, or is known from elsewhere. */
  isTaken = false;
  readonly #text: SavedText;
  readonly #from: number;
  readonly #record: number;
  readonly #to: number;

  /** @param text the snapshot, in which its id stands at `from`, and its record from `record` to `to`. */
  constructor(reading: Reading, text: SavedText, from: number, record: number, to: number) {
    this.reading = reading;
    this.#text = text;
    this.#from = from;
    this.#record = record;
    this.#to = to;
  }

  id(): string {
    return this.#text.idAt(this.#from);
  }

  read(): KeyLine {
    return this.#text.keyAt(this.#record, this.#to);
  }
}

/** The keys of a snapshot that were not read yet. */
export class SavedKeys {
  /** In the order of the file, from the first that may be left; the taken ones are passed over. */
  #all: SavedKey[] = [];
  #next = 0;
  #size = 0;
  /** Made when somebody first asks by id: a start asks by hash. */
  #byId: Map<string, SavedKey> | null = null;

  get size(): number {
    return this.#size;
  }

  add(saved: SavedKey): void {
    this.#all.push(saved);
    this.#byId?.set(saved.id(), saved);
    this.#size += 1;
  }

  get(id: string): SavedKey | undefined {
    if (this.#size === 0) return undefined;
    this.#byId ??= new Map(this.#all.filter(({ isTaken }) => !isTaken).map((saved) => [saved.id(), saved]));
    const saved = this.#byId.get(id);
    return saved?.isTaken ? undefined : saved;
  }

  /** One that is left. */
  first(): SavedKey | undefined {
    while (this.#next < this.#all.length && this.#all[this.#next]?.isTaken) this.#next += 1;
    return this.#all[this.#next];
  }

  take(saved: SavedKey): void {
    if (saved.isTaken) return;
    saved.isTaken = true;
    this.#size -= 1;
    if (this.#size > 0) return;
    this.#all = [];
    this.#next = 0;
    this.#byId = null;
  }
}
