import * as admin from "./admin.js";
import { aggregate } from "./aggregate.js";
import { collStats, create, drop, dropDatabase, listCollections, listDatabases } from "./collections.js";
import type { Command } from "./context.js";
import { count, distinct } from "./counting.js";
import { getMore, killCursors } from "./cursors.js";
import { deleteCommand } from "./delete.js";
import { find } from "./find.js";
import { findAndModify } from "./find-and-modify.js";
import { collMod, createIndexes, dropIndexes, listIndexes } from "./indexes.js";
import { insert } from "./insert.js";
import { update } from "./update.js";

/** All commands by name, as clients write them. Add a command here. */
export const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["aggregate", aggregate],
  ["buildInfo", admin.buildInfo],
  ["buildinfo", admin.buildInfo],
  ["collMod", collMod],
  ["collStats", collStats],
  ["connectionStatus", admin.connectionStatus],
  ["count", count],
  ["create", create],
  ["createIndexes", createIndexes],
  ["delete", deleteCommand],
  ["distinct", distinct],
  ["drop", drop],
  ["dropDatabase", dropDatabase],
  ["dropIndexes", dropIndexes],
  ["endSessions", admin.endSessions],
  ["find", find],
  ["findAndModify", findAndModify],
  ["findandmodify", findAndModify],
  ["getCmdLineOpts", admin.getCmdLineOpts],
  ["getLog", admin.getLog],
  ["getMore", getMore],
  ["getParameter", admin.getParameter],
  ["hello", admin.hello],
  ["hostInfo", admin.hostInfo],
  ["insert", insert],
  ["isMaster", admin.hello],
  ["ismaster", admin.hello],
  ["killCursors", killCursors],
  ["listCollections", listCollections],
  ["listDatabases", listDatabases],
  ["listIndexes", listIndexes],
  ["ping", admin.ping],
  ["replSetGetStatus", admin.replSetGetStatus],
  ["serverStatus", admin.serverStatus],
  ["update", update],
  ["whatsmyuri", admin.whatsMyUri],
]);
