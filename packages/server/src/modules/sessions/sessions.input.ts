import { z } from "zod";
import { foreignText, optional } from "../../platform/validation.js";
import { maxPasswordLength } from "./passwords/password-policy.js";

/** As users' addresses are kept: in lower case. One that is none has no account, which is all that is said of it. */
const emailSchema = z
  .string()
  .trim()
  .max(254, "Shorten the e-mail address to at most 254 characters.")
  .transform((email) => email.toLowerCase());

const tenantSchema = foreignText("tenant", 63);

/** Never cut off: a password that is too long is refused. */
const passwordSchema = z
  .string()
  .refine((text) => !/\p{Cs}/u.test(text), "Remove broken characters from the password.")
  .refine(
    (text) => text.length <= 2 * maxPasswordLength && [...text].length <= maxPasswordLength,
    `Shorten the password to at most ${maxPasswordLength} characters.`,
  );

const tokenSchema = z
  .string()
  .trim()
  .max(200, "Give the token as it was handed out; it has fewer than 200 characters.");

export const signInSchema = z.object({ email: emailSchema, password: passwordSchema, tenant: optional(tenantSchema) });
export const refreshSessionSchema = z.object({ refreshToken: tokenSchema });
export const signOutEverywhereSchema = z.object({ userId: optional(z.string()) });
export const requestPasswordLinkSchema = z.object({ email: emailSchema, tenant: optional(tenantSchema) });
export const sendPasswordLinkSchema = z.object({ userId: z.string() });
export const setPasswordSchema = z.object({ token: tokenSchema, password: passwordSchema });
export const changePasswordSchema = z.object({ currentPassword: passwordSchema, newPassword: passwordSchema });
