import { resyncReasons } from "@keyplane/schema";
import type { ArgBuilder } from "@pothos/core";
import { builder, type Types } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import { KeyEventTypeEnum, ResyncReasonEnum } from "../../graphql/enums.js";
import type { KeyEvent, KeyEventMessage, ResyncRequired } from "./key-event.js";

export const KeyEventType = builder.objectRef<KeyEvent>("KeyEvent");

KeyEventType.implement({
  description: "Something that happened to a key, to its owner, or to its tenant.",
  fields: (t) => ({
    cursor: t.exposeString("cursor", {
      description:
        "The event's place in the log: pass it as `after` to go on from here, to the list or to the subscription. The same for every reader.",
    }),
    type: t.expose("type", { type: KeyEventTypeEnum, description: "What happened." }),
    occurredAt: t.expose("occurredAt", { type: "DateTime", description: "When." }),
    tenantId: t.exposeID("tenantId", { description: "The tenant concerned." }),
    keyId: t.exposeID("keyId", {
      nullable: true,
      description: "The key; null where all keys of a user or tenant are meant.",
    }),
    userId: t.exposeID("userId", {
      nullable: true,
      description: "The user, or the owner that the key has after the event; null where a whole tenant is meant.",
    }),
    reason: t.exposeString("reason", {
      nullable: true,
      description: "Why, as whoever made the change said; of a reminder, when the key expires.",
    }),
  }),
});

const ResyncRequiredType = builder.objectRef<ResyncRequired>("ResyncRequired").implement({
  description:
    "What happened between your place and now can no longer be told. Read keys again: what you then read is at least as new as this cursor, and this subscription goes on from it.",
  fields: (t) => ({
    cursor: t.exposeString("cursor", { description: "From where it goes on." }),
    code: t.expose("code", { type: ResyncReasonEnum, description: "Why, for programs." }),
    // Of the same type as KeyEvent.reason, or no document could ask for both.
    reason: t.string({
      nullable: true,
      description: "Why, for people.",
      resolve: ({ code }) => resyncReasons[code].description,
    }),
  }),
});

const KeyEventMessageType = builder.unionType("KeyEventMessage", {
  description: "An event, or that some were missed and keys must be read again.",
  types: [KeyEventType, ResyncRequiredType],
  resolveType: (message) => (message.kind === "event" ? KeyEventType : ResyncRequiredType),
});

const KeyEventConnection = connectionOf("KeyEvent", KeyEventType);

/** Which events: the same for the list and the subscription. */
function filterArguments(t: ArgBuilder<Types>) {
  return {
    tenantId: t.id({ description: "Only this tenant's; all that you may see when left out." }),
    types: t({ type: [KeyEventTypeEnum], description: "Only these types; all when left out." }),
    keyIds: t.idList({
      description:
        "Only those of these keys, at most 1000; all when left out. What happens to a whole user or tenant has no key and is left out, too.",
    }),
  };
}

builder.queryField("keyEvents", (t) =>
  t.field({
    description: "What happened to keys, owners and tenants, oldest first, for as long as events are kept.",
    type: KeyEventConnection,
    access: { permission: "keys:read" },
    complexity: listComplexity,
    args: { ...filterArguments(t.arg), ...pageArguments(t.arg) },
    resolve: (_, { first, after, ...filter }, { principal, services }) =>
      services.keyEvents.list(principal, filter, { first, after }),
  }),
);

builder.subscriptionField("keyEvents", (t) =>
  t.field({
    description:
      "What happens to keys, owners and tenants, as it happens: from now on, or everything after a cursor and then what follows. Each event comes once, in its order.",
    type: KeyEventMessageType,
    access: { permission: "keys:read" },
    args: {
      ...filterArguments(t.arg),
      after: t.arg.string({
        description:
          "The last cursor that you have: what came after it is told first. From now on when left out. An empty text is answered with ResyncRequired, whose cursor is the place to begin at.",
      }),
    },
    subscribe: (_, args, { principal, services, signal, progress }) =>
      services.keyEvents.follow(principal, args, { signal, progress }),
    resolve: (message): Exclude<KeyEventMessage, { kind: "failure" }> => {
      if (message.kind === "failure") throw message.error;
      return message;
    },
  }),
);
