/** Makes the prepared database that first starts and tests begin with. Run by set-up, through tsx. */
import { prepareTemplate } from "../packages/server/src/platform/database/template.js";

await prepareTemplate();
