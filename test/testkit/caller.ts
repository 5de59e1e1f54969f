import { mutate, query } from "./graphql.js";

export const tenantFields =
  "id slug name status statusReason createdAt policy { prefix defaultLifetimeMs maxLifetimeMs maxKeysPerUser allowedScopes }";
export const userFields = "id email name externalId role status statusReason createdAt";
export const keyFields = `id name environment status start scopes metadata allowedIps deniedIps createdAt expiresAt lastUsedAt
  rotatedAt previousSecretExpiresAt disabledAt disabledReason revokedAt revokedReason revokedBy deletedAt owner { id } tenant { id }`;
export const tokenFields =
  "id name tenantId userId role permissions grantableScopes start createdBy expiresAt revokedAt";
export const verdictFields = `valid code message docsUrl requestId hint tenantId scopes missingScopes retryAfterMs
  key { id name start environment metadata expiresAt } owner { id externalId name email }
  rateLimits { name limit remaining resetAt exceeded } quota { limit used remaining resetAt exceeded }`;

/** Somebody with a management token (or none), who calls the API by GraphQL over HTTP. */
export class Caller {
  constructor(
    readonly url: string,
    readonly token: string | null,
  ) {}

  query(document: string, variables?: Record<string, unknown>) {
    return query(this.url, this.token, document, variables);
  }

  /** Any mutation on a tenant. */
  tenant(name: string, input: Record<string, unknown>) {
    return mutate(this.url, this.token, name, input, `tenant { ${tenantFields} }`);
  }

  /** Any mutation on a user. */
  user(name: string, input: Record<string, unknown>) {
    return mutate(this.url, this.token, name, input, `user { ${userFields} }`);
  }

  /** Any mutation on a key that hands out no secret. */
  key(name: string, input: Record<string, unknown>) {
    return mutate(this.url, this.token, name, input, `key { ${keyFields} }`);
  }

  /** createKey, rotateKey, reissueKey. */
  keySecret(name: string, input: Record<string, unknown>) {
    return mutate(this.url, this.token, name, input, `secret key { ${keyFields} }`);
  }

  createToken(input: Record<string, unknown>) {
    const selection = `secret managementToken { ${tokenFields} }`;
    return mutate(this.url, this.token, "createManagementToken", input, selection);
  }

  revokeToken(input: Record<string, unknown>) {
    return mutate(this.url, this.token, "revokeManagementToken", input, `managementToken { ${tokenFields} }`);
  }

  async verify(key: string, more: Record<string, unknown> = {}) {
    const document = `mutation ($input: VerifyKeyInput!) { verifyKey(input: $input) { ${verdictFields} } }`;
    return (await this.query(document, { input: { key, ...more } })).verifyKey;
  }
}
