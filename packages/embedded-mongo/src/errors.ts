/** Names that MongoDB gives to the codes used here (src/mongo/base/error_codes.yml). Add a code here before using it. */
const codeNames: Readonly<Record<number, string>> = {
  1: "InternalError",
  2: "BadValue",
  9: "FailedToParse",
  14: "TypeMismatch",
  15: "Overflow",
  17: "ProtocolError",
  20: "IllegalOperation",
  22: "InvalidBSON",
  26: "NamespaceNotFound",
  27: "IndexNotFound",
  28: "PathNotViable",
  40: "ConflictingUpdateOperators",
  43: "CursorNotFound",
  46: "LockBusy",
  48: "NamespaceExists",
  50: "MaxTimeMSExpired",
  52: "DollarPrefixedFieldName",
  54: "NotSingleValueField",
  56: "EmptyFieldName",
  59: "CommandNotFound",
  66: "ImmutableField",
  67: "CannotCreateIndex",
  72: "InvalidOptions",
  73: "InvalidNamespace",
  79: "UnknownReplWriteConcern",
  85: "IndexOptionsConflict",
  86: "IndexKeySpecsConflict",
  91: "ShutdownInProgress",
  100: "UnsatisfiableWriteConcern",
  112: "WriteConflict",
  168: "InvalidPipelineOperator",
  171: "CannotIndexParallelArrays",
  197: "InvalidIndexSpecificationOption",
  225: "TransactionTooOld",
  238: "NotImplemented",
  251: "NoSuchTransaction",
  263: "OperationNotSupportedInTransaction",
  291: "NoQueryExecutionPlans",
  292: "QueryExceededMemoryLimitNoDiskUseAllowed",
  10334: "BSONObjectTooLarge",
  11000: "DuplicateKey",
  17280: "KeyTooLong",
};

/** An error that a client gets as MongoDB would word it. */
export class MongoServerFault extends Error {
  readonly code: number;
  readonly codeName: string;
  /** Fields that go beside code and message, such as `keyPattern`. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Labels that tell the driver how to go on, such as `RetryableWriteError`. */
  readonly labels: readonly string[];

  constructor(code: number, message: string, extra: Record<string, unknown> = {}, labels: readonly string[] = []) {
    super(message);
    this.name = "MongoServerFault";
    this.code = code;
    this.codeName = codeNames[code] ?? `Location${code}`;
    this.extra = extra;
    this.labels = labels;
  }
}

/** Makes an error with MongoDB's code and wording. */
export function fault(code: number, message: string, extra?: Record<string, unknown>): MongoServerFault {
  return new MongoServerFault(code, message, extra);
}

/** Something that MongoDB can do and this server cannot. Names it, so that nobody takes silence for success. */
export function notSupported(what: string): MongoServerFault {
  return new MongoServerFault(238, `${what} is not supported by embedded-mongo; use a MongoDB server for it`);
}

/** The code that any thrown value has as an answer. */
export function asFault(error: unknown): MongoServerFault {
  if (error instanceof MongoServerFault) return error;
  return new MongoServerFault(1, error instanceof Error ? error.message : String(error));
}
