/** What webhooks may take of a tenant, of a server and of its receivers. `docs/reference/limits.md` shows them. */
export const webhookLimits = {
  /** Webhooks of a tenant. */
  perTenant: 20,
  /** Messages that may wait for one webhook: of more, the oldest are given up. Looked at each minute. */
  waiting: 10_000,
  /** Events of one change that have a message each. A change of a role or team that brings more is told by lists of keys. */
  toldAlone: 100,
  /** Keys that one list names: about 15,000 bytes, which every receiver takes. */
  keysPerMessage: 500,
  /** Messages that a process sends at the same time. */
  places: 64,
  /** The last of these are for tenants that have nothing under way: whoever comes late finds one, however many others never answer. */
  placesReserved: 16,
  /** Messages of one tenant that are under way at the same time. */
  ofTenant: 16,
  /** Messages to one webhook that are under way at the same time; one where it fails or takes longer than `quickMs`. */
  ofWebhook: 4,
  /** A message that was not answered by then gives its place to another one, and waits on beside. */
  quickMs: 1_000,
  /** Messages that a process has under way, those that wait beside included: each is a connection. */
  underWay: 512,
  /** How long a receiver may take for everything. */
  answerMs: 10_000,
  /** A message that nobody takes is given up after so long at the latest: while its webhook is disabled, it waits. */
  lifetimeMs: 5 * 24 * 60 * 60_000,
  /** Messages that `testWebhook` sends for a tenant within a minute, from each server. */
  testsPerMinute: 20,
} as const;
