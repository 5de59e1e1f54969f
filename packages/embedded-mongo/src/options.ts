/** How the server is started. */
export interface EmbeddedMongoOptions {
  /** Where documents are kept. `undefined`: in a temporary folder that is removed at the end. */
  readonly dataDir: string | undefined;
  /** false: the caller sees to it that no other server uses the folder. Default true: a lock file in it does. */
  readonly lock?: boolean | undefined;
  /** Only loopback: there is no authentication. Default 127.0.0.1. */
  readonly host?: "127.0.0.1" | "::1" | "localhost" | undefined;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Listen on this Unix socket instead of a port. The file gets mode 0600. */
  readonly socketPath?: string | undefined;
  /** Time for TTL indexes, cursors and `$$NOW`. Default: the system's. */
  readonly clock?: (() => Date) | undefined;
  /** How often TTL indexes are looked at, in milliseconds. Default 60,000. */
  readonly ttlIntervalMs?: number | undefined;
  /** Default 1,000. More are refused. */
  readonly maxConnections?: number | undefined;
  /** Open cursors. Default 10,000. */
  readonly maxCursors?: number | undefined;
  /** What a sort or a stage of an aggregation may hold in memory, in bytes. Default 100 MB, as in MongoDB. */
  readonly maxStageBytes?: number | undefined;
  /** Told what is worth a line in a log. Default: nothing is logged. */
  readonly log?: ((message: string, error: unknown) => void) | undefined;
}
