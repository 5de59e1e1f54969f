export { createTeamReads, type TeamReads, type TeamState, TeamStates } from "./teams.reads.js";
export { createTeams, type Teams } from "./teams.service.js";
