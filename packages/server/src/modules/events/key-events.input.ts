import type { KeyEventType } from "@keyplane/schema";
import { z } from "zod";
import { idSchema, optional } from "../../platform/validation.js";

const maxKeyIds = 1_000;

/** Which events: what `keyEvents` takes besides a place. */
export const eventFilterSchema = z.object({
  tenantId: optional(idSchema),
  types: optional(
    z
      .array(z.custom<KeyEventType>())
      .min(1, "Name at least one type, or leave types out for all.")
      .transform((types) => [...new Set(types)]),
  ),
  keyIds: optional(
    z
      .array(idSchema)
      .min(1, "Name at least one key, or leave keyIds out for all.")
      .max(maxKeyIds, `Name at most ${maxKeyIds} keys, or leave keyIds out and choose among what comes.`)
      .transform((ids) => [...new Set(ids)]),
  ),
});
