import { type Environment, environments, type Role, roles } from "@keyplane/schema";
import { z } from "zod";
import {
  addressesSchema,
  flag,
  idempotencyKeySchema,
  idSchema,
  optional,
  scopesSchema,
} from "../../platform/validation.js";
import { apiSchema, costSchema, ipSchema } from "../usage/index.js";

/** Longer than any key with whatever may stand around it: what is beyond is not looked at. */
const maxTextLength = 4_096;

const environmentSchema = optional(z.enum(Object.keys(environments) as Environment[]));

/** Which key: exactly one of the three. */
const presentedShape = {
  key: optional(z.string().max(maxTextLength, `Give at most ${maxTextLength} characters as key.`)),
  keyId: optional(idSchema),
  start: optional(
    z
      .string()
      .regex(/^[a-z0-9]{2,12}_(?:live|test)_[0-9A-Za-z]{4}$/, "Give a start as it is shown, e.g. kp_live_3fQz."),
  ),
};

/** What the call was, or is to be. */
const callShape = {
  scopes: optional(scopesSchema),
  environment: environmentSchema,
  ip: optional(ipSchema),
  api: optional(apiSchema),
  cost: optional(costSchema),
};

const isOne = ({ key, keyId, start }: { key?: unknown; keyId?: unknown; start?: unknown }): boolean =>
  [key, keyId, start].filter((each) => each !== undefined).length === 1;

export const diagnoseKeySchema = z
  .object({
    ...presentedShape,
    ...callShape,
    tenantId: optional(idSchema),
    at: optional(z.date()),
    owner: optional(
      z.object({
        email: optional(z.string().max(254)),
        name: optional(z.string().max(200)),
        externalId: optional(z.string().max(200)),
      }),
    ),
  })
  .refine(isOne, { path: ["key"], message: "Give exactly one of key, keyId and start." });

export type DiagnoseKeyInput = z.output<typeof diagnoseKeySchema>;

/** What is known of the right user. Users check their own details; here only what finds one, and what is compared. */
const rightUserSchema = z.object({
  id: optional(z.string()),
  email: optional(z.string().max(254)),
  name: optional(z.string().max(400)),
  externalId: optional(z.string().max(400)),
  role: optional(z.enum(Object.keys(roles) as Role[])),
  /** null takes it away: the user's role counts again. */
  customRoleId: z.string().nullable().optional(),
  allowedIps: optional(addressesSchema),
  deniedIps: optional(addressesSchema),
});

export const resolveInvalidUserSchema = z
  .object({
    ...presentedShape,
    user: optional(rightUserSchema),
    createMissing: flag(true),
    enableDisabled: flag(false),
    reissue: flag(false),
    requireValid: flag(false),
    test: optional(z.object(callShape)),
    dryRun: flag(false),
    idempotencyKey: optional(idempotencyKeySchema),
  })
  .refine(isOne, { path: ["key"], message: "Give exactly one of key, keyId and start." });

export type ResolveInvalidUserInput = z.output<typeof resolveInvalidUserSchema>;
