/** What a key's expiry asks for at an instant. All times are epoch milliseconds. */
export interface ExpiryPlan {
  /** The event to tell now; null: none. */
  readonly event: "EXPIRED" | "EXPIRING" | null;
  /** When to look again; null: there is nothing more to come. */
  readonly dueAt: number | null;
}

/**
 * What is due now of a key that expires, and when the next is.
 *
 * A reminder is told once its time has come, and only if that came after `plannedAt`: a key that is made for an hour needs no
 * reminder of a week. Of several whose time passed while no server ran, one is told.
 *
 * @param reminders how long before the expiry to remind, in milliseconds.
 * @param plannedAt up to when reminders were told, or when the expiry was set.
 */
export function planExpiry(
  { expiresAt, plannedAt }: { readonly expiresAt: number; readonly plannedAt: number },
  reminders: readonly number[],
  now: number,
): ExpiryPlan {
  if (now >= expiresAt) return { event: "EXPIRED", dueAt: null };
  const times = reminders.map((ms) => expiresAt - ms);
  const isDue = times.some((time) => time > plannedAt && time <= now);
  const next = Math.min(expiresAt, ...times.filter((time) => time > now));
  return { event: isDue ? "EXPIRING" : null, dueAt: next };
}
