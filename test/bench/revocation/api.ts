import type { Target, WatchedKey } from "./verifier.js";

async function ask<Data>({ url, token }: Target, query: string, variables: object): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** New keys of one owner. */
export async function createKeys(target: Target, count: number): Promise<WatchedKey[]> {
  const { createTenant } = await ask<{ createTenant: { tenant: { id: string } } }>(
    target,
    "mutation ($input: CreateTenantInput!) { createTenant(input: $input) { ... on CreateTenantPayload { tenant { id } } } }",
    { input: { slug: "bench", name: "Bench" } },
  );
  const tenantId = createTenant.tenant.id;
  const { createUser } = await ask<{ createUser: { user: { id: string } } }>(
    target,
    "mutation ($input: CreateUserInput!) { createUser(input: $input) { ... on CreateUserPayload { user { id } } } }",
    { input: { tenantId, email: "bench@example.com", name: "Bench" } },
  );
  const keys: WatchedKey[] = [];
  while (keys.length < count) {
    const { createKey } = await ask<{ createKey: { key: { id: string }; secret: string } }>(
      target,
      "mutation ($input: CreateKeyInput!) { createKey(input: $input) { ... on CreateKeyPayload { key { id } secret } } }",
      { input: { tenantId, ownerId: createUser.user.id, name: "Key" } },
    );
    keys.push({ id: createKey.key.id, secret: createKey.secret });
  }
  return keys;
}

/** Resolves when it is answered: from then on, nobody should let the key in. */
export async function revokeKey(target: Target, id: string): Promise<void> {
  const { revokeKey: payload } = await ask<{ revokeKey: { __typename: string } }>(
    target,
    "mutation ($input: RevokeKeyInput!) { revokeKey(input: $input) { __typename } }",
    { input: { id, reason: "benchmark" } },
  );
  if (payload.__typename !== "RevokeKeyPayload") throw new Error(`revokeKey answered ${payload.__typename}`);
}

export async function isValid(target: Target, key: string): Promise<boolean> {
  const { verifyKey } = await ask<{ verifyKey: { valid: boolean } }>(
    target,
    "mutation ($input: VerifyKeyInput!) { verifyKey(input: $input) { valid } }",
    { input: { key } },
  );
  return verifyKey.valid;
}
