import type { UsageCollections } from "../storage/documents.js";
import type { FromThread } from "./protocol.js";

/** How often the journal is looked at, and how far back: further than clocks and write concerns may be behind. Milliseconds. */
const everyMs = 1_000;
const backMs = 60_000;

/** Tells what other processes count, from the journal of segments, each once; only while somebody looks. */
export class OthersWatch {
  readonly #collections: UsageCollections;
  readonly #ownSpool: string;
  readonly #tell: (message: FromThread) => void;
  #timer: NodeJS.Timeout | null = null;
  #seen: ReadonlySet<string> | null = null;
  #looking = false;

  constructor(collections: UsageCollections, ownSpool: string, tell: (message: FromThread) => void) {
    this.#collections = collections;
    this.#ownSpool = ownSpool;
    this.#tell = tell;
  }

  watch(on: boolean): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = on ? setInterval(() => void this.#look(), everyMs) : null;
    this.#seen = null;
    if (on) void this.#look();
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const recent = await this.#collections.segments
        .find({ insertedAt: { $gte: new Date(Date.now() - backMs) } })
        .toArray();
      // The first look only learns what there is: it was counted before anybody watched.
      const seen = this.#seen;
      for (const { _id, counts } of seen ? recent : []) {
        if (!seen?.has(_id) && !_id.startsWith(`${this.#ownSpool}.`)) this.#tell({ type: "others", counts });
      }
      this.#seen = new Set(recent.map(({ _id }) => _id));
    } catch {
      // MongoDB is away, which the counter tells; what is counted meanwhile is seen by a later look.
    } finally {
      this.#looking = false;
    }
  }
}
