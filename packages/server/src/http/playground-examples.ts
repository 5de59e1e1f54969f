/** When this month begins, or one that follows: of months long past no hours are kept, and so no days of a time zone. */
function startOfMonth(ahead: number): string {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead)).toISOString();
}

/**
 * What the playground opens with: one tab each, in the order of a first key. The names are what the tabs show. Lines are
 * short, because the editor shows about fifty characters.
 * A test runs every one of them. Add an example here.
 */
export const playgroundExamples: readonly string[] = [
  `# 1. Who am I?
# Enter your token above, then press play.
query WhoAmI {
  viewer {
    name
    role
    permissions
    tenant { name }
  }
}
`,
  `# 2. A tenant: a customer of yours.
# Everything else belongs to one.
mutation CreateTenant {
  createTenant(input: {
    slug: "acme"
    name: "Acme Inc."
    policy: { prefix: "acme" }
  }) {
    __typename
    ... on CreateTenantPayload {
      tenant { id slug name policy { prefix } }
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 3. A user, who will own keys.
# Put the tenant's id in the place of ten_….
mutation CreateUser {
  createUser(input: {
    tenantId: "ten_…"
    email: "ada@acme.example"
    name: "Ada"
  }) {
    __typename
    ... on CreateUserPayload {
      user { id email role status }
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 4. A key. Its secret is shown this once.
# Put both ids in their places.
mutation CreateKey {
  createKey(input: {
    tenantId: "ten_…"
    ownerId: "usr_…"
    name: "First key"
    scopes: ["orders:read"]
  }) {
    __typename
    ... on CreateKeyPayload {
      secret
      key { id start status expiresAt }
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 5. Is it valid? Put the secret in its place.
# Then try it with a letter changed, or with a
# scope that it lacks.
mutation VerifyKey {
  verifyKey(input: {
    key: "acme_live_…"
    scopes: ["orders:read"]
  }) {
    valid
    code
    message
    hint
    missingScopes
    key { id name }
    owner { name email }
    tenantId
  }
}
`,
  `# 6. Revoke it, then verify it again.
mutation RevokeKey {
  revokeKey(input: {
    id: "key_…"
    reason: "trying out"
  }) {
    __typename
    ... on RevokeKeyPayload {
      key { id status revokedAt revokedReason }
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 7. Find things: lists have search, filters,
# orders and pages.
query FindKeys {
  keys(
    first: 10
    filter: { status: ACTIVE }
    orderBy: CREATED_AT_DESC
  ) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      id
      name
      start
      status
      scopes
      owner { name email }
      tenant { slug }
    }
  }
}
`,
  `# 8. Who changed what?
query AuditLog {
  auditLog(first: 10) {
    nodes {
      createdAt
      actorName
      action
      targetType
      targetId
      address
    }
  }
}
`,
  `# 9. What happened to keys? A subscription of the
# same name tells it as it happens.
query KeyEvents {
  keyEvents(first: 10) {
    totalCount
    nodes {
      cursor
      type
      occurredAt
      tenantId
      key { id name }
      reason
    }
  }
}
`,
  `# 10. Sign in as a person. Send the user a link
# with sendPasswordLink first. To use this page
# as yourself, follow "Sign in" at the top.
mutation SignIn {
  signIn(input: {
    email: "ada@acme.example"
    password: "the password that Ada has set"
  }) {
    __typename
    ... on SignInPayload {
      accessToken
      accessTokenExpiresAt
      refreshToken
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 11. May I? And if not, why not? After 6, a
# revoked key has no new secret.
query MayI {
  can(action: KEYS_ROTATE, id: "key_…") {
    allowed
    code
    reason
  }
}
`,
  `# 12. A role of your own, made of permissions.
# Give it with updateUser, as customRoleId.
mutation CreateRole {
  createRole(input: {
    tenantId: "ten_…"
    name: "Support"
    permissions: [USERS_READ, KEYS_READ, KEYS_DISABLE]
    keyScopes: ["orders:read"]
  }) {
    __typename
    ... on CreateRolePayload {
      role { id name base permissions keyScopes }
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 13. A team, whose members look after its keys
# together: addTeamMember, then teamId of a key.
mutation CreateTeam {
  createTeam(input: {
    tenantId: "ten_…"
    name: "Payments"
  }) {
    __typename
    ... on CreateTeamPayload { team { id name } }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 14. An OAuth client: a program that gets its
# tokens at /oauth/token. Its secret is shown
# this once.
mutation CreateClient {
  createOAuthClient(input: {
    tenantId: "ten_…"
    name: "Nightly report"
    role: DEVELOPER
    permissions: [USAGE_READ]
    grantTypes: [CLIENT_CREDENTIALS]
  }) {
    __typename
    ... on CreateOAuthClientPayload {
      secret
      oauthClient { id role permissions }
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 15. Why is a key refused? Paste the text as it was
# presented; at asks about a past moment.
query DiagnoseKey {
  diagnoseKey(input: { key: "acme_live_…" }) {
    verdict { valid code message docsUrl }
    checks { name outcome evidence since by wouldFail }
    findings { code message }
    remedies { title effect mutation variables permitted }
  }
}
`,
  `# 16. And if its user is invalid? All five steps in
# one; dryRun only plans them. After 6, the plan's
# test says that the key is revoked.
mutation ResolveInvalidUser {
  resolveInvalidUser(input: {
    keyId: "key_…"
    user: { email: "ada@acme.example", name: "Ada L." }
    dryRun: true
  }) {
    __typename
    ... on ResolveInvalidUserPayload {
      steps { name outcome detail }
      verdict { valid code message }
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 17. How much all keys of a user may use, each
# month; then a little more for this month.
# verifyKey says what is left.
mutation SetQuota {
  setQuota(input: {
    targetId: "usr_…"
    limit: 100000
    refill: MONTHLY
    timeZone: "Europe/Berlin"
  }) {
    __typename
    ... on SetQuotaPayload {
      quota { limit used remaining resetAt }
    }
    ... on Error { code message docsUrl }
  }
  topUpQuota(input: {
    targetId: "usr_…"
    amount: 5000
    reason: "order 4711"
  }) {
    __typename
    ... on TopUpQuotaPayload {
      quota { limit toppedUp remaining }
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 18. An API with two versions. From the first one
# on, verifyKey's api must name one, and the key
# needs access: requestApiAccess, approveApiAccess.
mutation CreateApi {
  createApi(input: {
    tenantId: "ten_…"
    slug: "orders"
    name: "Orders"
    versions: [
      { name: "v1", deprecatedAt: "2026-01-01T00:00:00Z" }
      { name: "v2" }
    ]
  }) {
    __typename
    ... on CreateApiPayload {
      api { id slug access versions { name status } }
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 19. Which keys may call which APIs?
# filter: { status: PENDING } shows what waits.
query ApiGrants {
  apiGrants(first: 10) {
    nodes {
      id
      status
      api { slug }
      key { name start }
      requestReason
      decisionReason
    }
  }
}
`,
  `# 20. Does the database contradict itself, or was
# it changed past Keyplane? repair: true mends.
mutation CheckIntegrity {
  checkIntegrity(input: { repair: false }) {
    __typename
    ... on CheckIntegrityPayload {
      integrityRun { id status total }
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 21. How far is it? It ends when the check is over.
subscription CheckProgress {
  integrityCheckProgress(id: "int_…") {
    status
    phase
    examined
    total
    found
    repaired
  }
}
`,
  `# 22. What have integrity checks found?
query IntegrityFindings {
  integrityRuns(first: 1) {
    nodes { status examined found quarantined }
  }
  integrityFindings(first: 10) {
    nodes { kind outcome keyId detail }
  }
}
`,
  `# 23. How often may a user's keys be used? By name,
# and each over a sliding window; [] ends them.
mutation SetRateLimits {
  setRateLimits(input: {
    targetId: "usr_…"
    rateLimits: [
      { name: "per-minute", limit: 600, windowMs: 60000 }
    ]
  }) {
    __typename
    ... on SetRateLimitsPayload {
      rateLimits { name limit windowMs burst unit }
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 24. Which limits has a user, and what is left?
query LimitsAndQuotas {
  user(id: "usr_…") {
    rateLimits { name limit windowMs }
    quota { limit used remaining resetAt }
  }
}
`,
  `# 25. Who calls what, and what is refused? A day
# for each value, the busiest keys first.
query Usage {
  usage(input: {
    tenantId: "ten_…"
    from: "${startOfMonth(0)}"
    to: "${startOfMonth(1)}"
    bucket: DAY
    timeZone: "Europe/Berlin"
    groupBy: [KEY, CODE]
  }) {
    totals { count valid refused cost }
    series {
      group { key { name } code }
      totals { count }
      values
    }
  }
}
`,
  `# 26. What becomes of idle, leaked and shared keys?
# A leaked one is disabled at once, an idle one
# graceDays after its reminder if it is still idle.
mutation SetPolicy {
  updateLifecyclePolicy(input: {
    tenantId: "ten_…"
    idleAfterDays: 90
    idleAction: DISABLE
    graceDays: 14
    leakAction: DISABLE
    sharedAction: REMIND
  }) {
    __typename
    ... on UpdateLifecyclePolicyPayload {
      policy { idleAfterDays idleAction leakAction graceDays }
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 27. A key was found in public. After 6 it is
# revoked already, so nothing is left to do.
mutation ReportLeakedKey {
  reportLeakedKey(input: {
    key: "acme_live_…"
    url: "https://git.example/acme/app/blob/main/.env"
  }) {
    __typename
    ... on ReportLeakedKeyPayload {
      finding { id kind action reports }
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 28. How well are a tenant's keys kept, what would
# make it better, and what was found about them?
# resolveKeyFinding closes a finding.
query KeyHygiene {
  keyHygiene(tenantId: "ten_…") {
    score
    checks { check affected lost advice }
  }
  keyFindings(first: 10, tenantId: "ten_…") {
    nodes {
      kind
      firstAt
      action
      key { name start status }
    }
  }
}
`,
  `# 29. Tell an address of what happens to keys. The
# secret verifies the messages.
mutation CreateWebhook {
  createWebhook(input: {
    tenantId: "ten_…"
    name: "Alerts"
    url: "https://ops.acme.example/keyplane"
    eventTypes: [LEAKED, REVOKED]
  }) {
    __typename
    ... on CreateWebhookPayload {
      secret
      webhook { id eventTypes }
    }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 30. Does it arrive? eventType sends an example of
# what such an event is told by.
mutation TestWebhook {
  testWebhook(input: {
    id: "whk_…"
    eventType: REVOKED
  }) {
    __typename
    ... on TestWebhookPayload { responseStatus problem }
    ... on Error { code message docsUrl }
  }
}
`,
  `# 31. What was told, and what became of it.
# redeliverWebhook sends one again.
query WebhookDeliveries {
  webhookDeliveries(webhookId: "whk_…", first: 10) {
    nodes {
      id
      type
      status
      attempts
      responseStatus
      problem
    }
  }
}
`,
];
