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
];
