import type { ObjectId } from "bson";
import type { Doc } from "../bson/values.js";
import type { CursorStore } from "../cursors/cursor-store.js";
import type { WriteSessions } from "../session/write-sessions.js";
import type { Catalog } from "../storage/catalog.js";
import type { Store } from "../storage/store.js";
import type { Request } from "../wire/message.js";
import type { Pace } from "./pace.js";

/** What the commands of a server share. */
export interface ServerContext {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly cursors: CursorStore;
  readonly sessions: WriteSessions;
  readonly clock: () => Date;
  /** As the server is reached: `host:port` or the path of a socket. */
  readonly address: () => string;
  /** What a sort or a stage may hold in memory. */
  readonly maxStageBytes: number;
  readonly started: Date;
  /** Newer with each start, so that drivers take the newest for the primary. */
  readonly electionId: ObjectId;
  readonly connections: () => number;
  /** Tells that something was dropped, whose bytes can be removed. */
  readonly dropped: () => void;
}

/** One command being answered. */
export interface Call {
  readonly server: ServerContext;
  readonly request: Request;
  readonly name: string;
  readonly body: Doc;
  readonly db: string;
  readonly pace: Pace;
}

/** Answers a command, either with a document or with one that is encoded already. */
export type Handler = (call: Call) => Promise<Doc | Buffer> | Doc | Buffer;

/** A command and the fields it takes. Fields that are not listed are refused, never ignored. */
export interface Command {
  readonly fields: readonly string[];
  readonly handle: Handler;
}
