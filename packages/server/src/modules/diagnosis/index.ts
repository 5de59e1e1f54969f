export { createDiagnose, type Diagnose } from "./diagnosis.service.js";
