export { createIntegrity, type Integrity } from "./integrity.service.js";
export { type CompareMemory, comparisonOf } from "./memory-check.js";
