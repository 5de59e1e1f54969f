import { waitingSince } from "../recording/waiting-since.js";
import type { SpoolDocument, UsageCollections } from "../storage/documents.js";
import type { FromThread } from "./protocol.js";

/** A server tells how far it is every ten seconds. After this it has ended, or MongoDB is away for it; milliseconds. */
const silentAfterMs = 5 * 60_000;

export interface CompletenessDeps {
  readonly collections: Pick<UsageCollections, "spools">;
  readonly spoolFolder: string;
  /** The spool of this process. */
  readonly spool: string;
  readonly tell: (message: FromThread) => void;
}

/**
 * Knows how far usage is counted, and never claims more. Each server tells MongoDB how far it is; what it told stays there until
 * its spool is empty, however long that takes, because whatever it took since waits on its disk. What dead processes left in our
 * own folder is looked at as well: they may have ended before they could tell anything.
 */
export class Completeness {
  readonly #deps: CompletenessDeps;
  /** Spools of silent servers that the log was told of. */
  readonly #told = new Set<string>();

  constructor(deps: CompletenessDeps) {
    this.#deps = deps;
  }

  /**
   * Before which instant nothing waits in any spool, epoch milliseconds. Whoever wants an answer that holds all of it, asks
   * this first and then the question.
   *
   * @param own the same of our own spool.
   */
  async until(own: number): Promise<number> {
    const { collections, spoolFolder, spool } = this.#deps;
    const here = Math.min(own, waitingSince(spoolFolder, spool));
    await collections.spools.updateOne(
      { _id: spool },
      { $set: { completeUntil: new Date(here), seenAt: new Date() } },
      { upsert: true },
    );
    const [last] = await collections.spools.find().sort({ completeUntil: 1 }).limit(1).toArray();
    if (!last) return here;
    this.#tellOfSilence(last);
    return Math.min(here, last.completeUntil.getTime());
  }

  /** Nobody but a person can know whether the disk of a silent server will come back. */
  #tellOfSilence({ _id, completeUntil, seenAt }: SpoolDocument): void {
    if (Date.now() - seenAt.getTime() < silentAfterMs || this.#told.has(_id)) return;
    this.#told.add(_id);
    this.#deps.tell({
      type: "log",
      level: "warn",
      fields: { spool: _id, completeUntil, seenAt },
      message:
        "a server that is silent holds completeUntil back: what it took waits on its disk; start a server on its data folder, or remove its document from usage_spools when the disk is gone",
    });
  }
}
