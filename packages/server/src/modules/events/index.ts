export type { DomainEvent, EventType } from "./event.js";
export { createEventFollower, type EventFollower } from "./event-follower.js";
export { createEvents, type EventListener, type Events } from "./events.service.js";
