/** What the usage page asks: two operations when it is opened, one for each view after that, and one while somebody watches. */
export const usagePageQueries = {
  /** Who somebody is, and which tenants they may choose from. */
  who: `query UsagePageWho($search: String) {
  viewer { name role tenantId permissions }
  tenants(first: 100, orderBy: NAME_ASC, filter: { search: $search }) {
    nodes { id name slug }
    pageInfo { hasNextPage }
  }
}`,
  /** Who somebody is who may not list tenants. */
  viewer: `query UsagePageViewer {
  viewer { name role tenantId permissions }
}`,
  /** What is counted at this moment. */
  live: `subscription UsagePageLive($tenantId: ID!) {
  usageLive(tenantId: $tenantId, intervalMs: 1000) { count valid }
}`,
  /** All that a view shows. */
  report: `query UsagePageReport(
  $over: UsageInput!
  $keys: UsageInput!
  $refused: InvalidAttemptsInput!
  $withNames: Boolean!
  $withRefused: Boolean!
) {
  over: usage(input: $over) {
    starts
    completeUntil
    totals { count valid refused cost meters { name value } latencyMs { p50 p99 } }
    previousTotals { count valid refused cost meters { name value } latencyMs { p50 p99 } }
    series { group { code } totals { count } values }
  }
  keys: usage(input: $keys) {
    totalSeries
    totals { count }
    series { group { keyId key @include(if: $withNames) { name start } } totals { count refused } }
  }
  refused: invalidAttempts(input: $refused) @include(if: $withRefused) {
    total
    totalSeries
    completeUntil
    series { group { code ip } count keys lastAt }
  }
}`,
} as const;
