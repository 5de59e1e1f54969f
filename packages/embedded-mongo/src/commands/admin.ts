import { Timestamp } from "bson";
import { MAX_DOCUMENT_BYTES } from "../bson/encode.js";
import type { Doc } from "../bson/values.js";
import { fault } from "../errors.js";
import { MAX_MESSAGE_BYTES } from "../wire/message.js";
import type { Call, Command } from "./context.js";
import { MAX_STATEMENTS } from "./insert.js";

/** The version whose commands and answers are followed here; drivers decide by the wire version. */
export const MONGODB_VERSION = "7.0.0";
const MAX_WIRE_VERSION = 21;
const SET_NAME = "embedded";
const noFields: readonly string[] = [];

function answerHello(call: Call): Doc {
  const { server } = call;
  const me = server.address();
  const now = server.clock();
  return {
    helloOk: true,
    // Drivers send retryable writes to members of replica sets only.
    setName: SET_NAME,
    setVersion: 1,
    isWritablePrimary: true,
    ismaster: true,
    secondary: false,
    hosts: [me],
    primary: me,
    me,
    electionId: server.electionId,
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
    maxMessageSizeBytes: MAX_MESSAGE_BYTES,
    maxWriteBatchSize: MAX_STATEMENTS,
    localTime: now,
    logicalSessionTimeoutMinutes: 30,
    connectionId: 1,
    minWireVersion: 0,
    maxWireVersion: MAX_WIRE_VERSION,
    readOnly: false,
    lastWrite: {
      opTime: { ts: new Timestamp({ t: Math.floor(now.getTime() / 1000), i: 1 }), t: 1n },
      lastWriteDate: now,
    },
  };
}

const helloFields = [
  "helloOk",
  "client",
  "compression",
  "topologyVersion",
  "maxAwaitTimeMS",
  "loadBalanced",
  "saslSupportedMechs",
  "speculativeAuthenticate",
  "hello",
  "ismaster",
  "isMaster",
  "backpressure",
];

export const hello: Command = { fields: helloFields, handle: answerHello };

export const ping: Command = { fields: noFields, handle: () => ({}) };

export const buildInfo: Command = {
  fields: noFields,
  handle: () => ({
    version: MONGODB_VERSION,
    versionArray: [7, 0, 0, 0],
    gitVersion: "embedded-mongo",
    modules: ["embedded-mongo"],
    javascriptEngine: "none",
    bits: 64,
    debug: false,
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
    storageEngines: ["lmdb"],
  }),
};

export const serverStatus: Command = {
  fields: ["repl", "metrics", "locks", "mirroredReads", "latchAnalysis"],
  handle: ({ server }) => ({
    host: server.address(),
    version: MONGODB_VERSION,
    process: "embedded-mongo",
    pid: process.pid,
    uptime: (server.clock().getTime() - server.started.getTime()) / 1000,
    localTime: server.clock(),
    connections: { current: server.connections() },
    metrics: { cursor: { open: { total: server.cursors.size } } },
    mem: { resident: Math.round(process.memoryUsage.rss() / 1024 / 1024) },
    extra_info: { user_time_us: BigInt(process.cpuUsage().user), system_time_us: BigInt(process.cpuUsage().system) },
    storageEngine: { name: "lmdb", persistent: true },
  }),
};

export const endSessions: Command = { fields: noFields, handle: () => ({}) };

export const getParameter: Command = {
  fields: ["featureCompatibilityVersion", "authenticationMechanisms", "allParameters"],
  handle: ({ body }) => {
    const known: Doc = { featureCompatibilityVersion: { version: "7.0" }, authenticationMechanisms: [] };
    if (body["getParameter"] === "*") return known;
    const asked = Object.keys(known).filter((name) => body[name] !== undefined);
    if (asked.length === 0) throw fault(72, "no option found to get");
    return Object.fromEntries(asked.map((name) => [name, known[name]]));
  },
};

export const whatsMyUri: Command = { fields: noFields, handle: () => ({ you: "127.0.0.1:0" }) };

export const connectionStatus: Command = {
  fields: ["showPrivileges"],
  handle: () => ({ authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] } }),
};

export const getLog: Command = { fields: noFields, handle: () => ({ totalLinesWritten: 0, log: [] }) };

export const getCmdLineOpts: Command = { fields: noFields, handle: () => ({ argv: ["embedded-mongo"], parsed: {} }) };

export const hostInfo: Command = {
  fields: noFields,
  handle: () => ({ system: { hostname: "localhost" }, os: { type: process.platform } }),
};

export const replSetGetStatus: Command = {
  fields: ["initialSync"],
  handle: ({ server }) => ({
    set: SET_NAME,
    date: server.clock(),
    myState: 1,
    members: [{ _id: 0, name: server.address(), health: 1, state: 1, stateStr: "PRIMARY", self: true }],
  }),
};
