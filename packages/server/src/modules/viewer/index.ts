export { type Can, createCan } from "./can.service.js";
