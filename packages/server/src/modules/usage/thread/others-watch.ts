import type { SegmentDocument, UsageCollections } from "../storage/documents.js";
import type { FromThread } from "./protocol.js";
import type { Views, Whose } from "./views.js";

/** How often the journal is looked at, and how far back: further than clocks and write concerns may be behind. Milliseconds. */
const everyMs = 1_000;
const backMs = 60_000;

/** Tells what other processes count, from the journal of segments, each once; only while somebody looks. */
export class OthersWatch {
  readonly #collections: UsageCollections;
  readonly #ownSpool: string;
  readonly #views: Views;
  readonly #tell: (message: FromThread) => void;
  #timer: NodeJS.Timeout | null = null;
  #seen: ReadonlySet<string> | null = null;
  #looking = false;

  constructor(collections: UsageCollections, ownSpool: string, views: Views, tell: (message: FromThread) => void) {
    this.#collections = collections;
    this.#ownSpool = ownSpool;
    this.#views = views;
    this.#tell = tell;
  }

  /** Whoever begins to watch while others do, hears what they hear. */
  watch(on: boolean): void {
    if (on === (this.#timer !== null)) return;
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
      const isNew = ({ _id }: SegmentDocument) => seen && !seen.has(_id) && !_id.startsWith(`${this.#ownSpool}.`);
      const told: FromThread[] = [];
      for (const segment of recent.filter(isNew)) {
        const views = this.#views.count(await this.#eventsOf(segment));
        told.push({ type: "others", counts: segment.counts, views });
      }
      // All or none of them: what fails is seen again by the next look.
      for (const message of told) this.#tell(message);
      this.#seen = new Set(recent.map(({ _id }) => _id));
    } catch {
      // MongoDB is away, which the counter tells; what is counted meanwhile is seen by a later look.
    } finally {
      this.#looking = false;
    }
  }

  /** The events of a segment that somebody sees who does not see the whole tenant. */
  async #eventsOf({ _id, counts, inserted = [] }: SegmentDocument): Promise<readonly Whose[]> {
    const tenantIds = this.#views.tenantIds.filter((id) => Object.hasOwn(counts, id));
    if (tenantIds.length === 0) return [];
    return this.#collections.events
      .find(
        { insertedAt: { $in: [...inserted] }, segment: _id, tenantId: { $in: tenantIds } },
        { projection: { _id: 0, tenantId: 1, userId: 1, keyId: 1, code: 1 } },
      )
      .toArray();
  }
}
