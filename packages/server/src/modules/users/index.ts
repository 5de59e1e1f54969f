export { type HangsOn, type Standing, Standings } from "./standings.js";
export { authorizeCustomRole, authorizeUserRole } from "./users.guards.js";
export { createUserReads, toUserState, type UserReads, type UserState, UserStates } from "./users.reads.js";
export { createUsers, type Users } from "./users.service.js";
export { teamsOfKeys } from "./users.store.js";
