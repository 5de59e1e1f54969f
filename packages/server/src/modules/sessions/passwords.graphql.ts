import { builder } from "../../graphql/builder.js";
import { changeErrors, credentialErrors } from "../../graphql/errors.js";
import { requiredInput } from "../../graphql/mutation.js";
import type { User } from "../../platform/database/index.js";
import { UserType } from "../users/users.graphql.js";

const RequestPasswordLinkInput = builder.inputType("RequestPasswordLinkInput", {
  description: "For which account.",
  fields: (t) => ({
    email: t.string({ required: true, description: "The e-mail address of the account." }),
    tenant: t.string({
      description: "The slug or id of its tenant; left out: every account of the address gets a link.",
    }),
  }),
});
const SendPasswordLinkInput = builder.inputType("SendPasswordLinkInput", {
  description: "To whom to send a link.",
  fields: (t) => ({ userId: t.id({ required: true, description: "The user's id." }) }),
});
const SetPasswordInput = builder.inputType("SetPasswordInput", {
  description: "A new password, by a link.",
  fields: (t) => ({
    token: t.string({ required: true, description: "What stands behind the # of the link." }),
    password: t.string({
      required: true,
      description: "At least 15 characters, of any kind, that are hard to guess; up to 256.",
    }),
  }),
});
const ChangePasswordInput = builder.inputType("ChangePasswordInput", {
  description: "A new password in the place of the present one.",
  fields: (t) => ({
    currentPassword: t.string({ required: true, description: "The present password." }),
    newPassword: t.string({
      required: true,
      description: "At least 15 characters, of any kind, that are hard to guess; up to 256.",
    }),
  }),
});

const RequestPasswordLinkPayload = builder.objectRef<{ accepted: boolean }>("RequestPasswordLinkPayload").implement({
  description: "The same for every address, whether it has an account or not.",
  fields: (t) => ({
    accepted: t.exposeBoolean("accepted", {
      description: "Always true. If there is an account, a mail is on its way.",
    }),
  }),
});
const SendPasswordLinkPayload = builder
  .objectRef<{ user: User; expiresAt: Date }>("SendPasswordLinkPayload")
  .implement({
    description: "To whom the link was sent.",
    fields: (t) => ({
      user: t.field({ type: UserType, description: "The user.", resolve: ({ user }) => user }),
      expiresAt: t.expose("expiresAt", { type: "DateTime", description: "Until when the link works." }),
    }),
  });

function endedPayload(name: string) {
  return builder.objectRef<{ endedSessions: number }>(name).implement({
    description: "The password is set.",
    fields: (t) => ({
      endedSessions: t.exposeInt("endedSessions", {
        description: "How many sessions have ended with the old password.",
      }),
    }),
  });
}
const SetPasswordPayload = endedPayload("SetPasswordPayload");
const ChangePasswordPayload = endedPayload("ChangePasswordPayload");

builder.mutationFields((t) => ({
  requestPasswordLink: t.field({
    description:
      "Sends a link by which to set a new password to the address, if it has an account. It works once, for 30 minutes.",
    type: RequestPasswordLinkPayload,
    errors: { types: credentialErrors },
    access: "anyone",
    args: { input: t.arg({ type: RequestPasswordLinkInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => {
      await services.passwords.requestLink(principal, input);
      return { accepted: true };
    },
  }),
  sendPasswordLink: t.field({
    description:
      "Sends a user a link by which to set a password: the first one within seven days, later ones within 30 minutes. Earlier links end.",
    type: SendPasswordLinkPayload,
    errors: { types: changeErrors },
    access: { permission: "users:update" },
    args: { input: t.arg({ type: SendPasswordLinkInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.passwords.sendLink(principal, input),
  }),
  setPassword: t.field({
    description: "Sets a password by a link, once. All sessions of the user end; sign in with the new password.",
    type: SetPasswordPayload,
    errors: { types: credentialErrors },
    access: "anyone",
    args: { input: t.arg({ type: SetPasswordInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.passwords.set(principal, input),
  }),
  changePassword: t.field({
    description: "Changes your own password. Your other sessions end, this one goes on.",
    type: ChangePasswordPayload,
    errors: {
      types: [...credentialErrors, ...changeErrors.filter((type) => !credentialErrors.includes(type as never))],
    },
    access: "signed-in",
    args: { input: t.arg({ type: ChangePasswordInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.passwords.change(principal, input),
  }),
}));
