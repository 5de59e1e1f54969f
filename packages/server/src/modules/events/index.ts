export type { DomainEvent, EventType, StoredEvent } from "./event.js";
export { createEventRelay, type EventRelay } from "./event-relay.js";
export { createEvents, type EventListener, type Events } from "./events.service.js";
export type { KeyEventMessage } from "./key-event.js";
export type { KeyEventPoll } from "./key-event-poll.js";
export type { Progress } from "./key-event-reader.js";
export { createKeyEvents, type KeyEvents } from "./key-events.service.js";
export { isPublic as isPublicEvent } from "./lib/event-filter.js";
export { createEventLog, type EventLog } from "./log/event-log.js";
