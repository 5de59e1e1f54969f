import {
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} from "mongodb";
import { KeyplaneError } from "../../../platform/errors.js";

/** Whether a failure means that MongoDB cannot be reached or cannot answer at the moment, and not that we asked it wrongly. */
export function isStoreAway(error: unknown): boolean {
  return (
    error instanceof MongoServerSelectionError ||
    error instanceof MongoNetworkError ||
    // What waited while another question gave up the first connection.
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoNotConnectedError ||
    (error instanceof MongoServerError && error.hasErrorLabel("RetryableWriteError"))
  );
}

export function storeAway(): KeyplaneError {
  return new KeyplaneError(
    "UNAVAILABLE",
    "MongoDB, which keeps usage, cannot be reached. Verification goes on, and usage waits on disk as long as there is room; ask again in a moment.",
  );
}
