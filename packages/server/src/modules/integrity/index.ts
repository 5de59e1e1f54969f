export { createIntegrity, type Integrity } from "./integrity.service.js";
