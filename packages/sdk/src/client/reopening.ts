import { ConnectionError } from "./errors.js";

/** A stream has ended although nothing is wrong, and can be opened again at once: nobody has to be told. */
export class ReopeningError extends ConnectionError {
  /** @param why a sentence, for whoever follows only one stream. */
  constructor(why: string) {
    super(why, { neverSent: false });
  }
}
