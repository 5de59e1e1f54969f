import { ConnectionError } from "./errors.js";

/** A stream has outlived the token that opened it, and there is another token already: it can be opened again at once. */
export class TokenRenewedError extends ConnectionError {
  constructor() {
    super("The token of the stream has ended; the stream is opened anew with the next one.", { neverSent: false });
  }
}
