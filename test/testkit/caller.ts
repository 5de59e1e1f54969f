import { randomUUID } from "node:crypto";
import { EventStream } from "./event-stream.js";
import { mutate, query } from "./graphql.js";

export const tenantFields =
  "id slug name status statusReason createdAt policy { prefix defaultLifetimeMs maxLifetimeMs maxKeysPerUser allowedScopes }";
export const userFields = "id email name externalId role status statusReason createdAt";
export const roleFields = "id tenantId name description base permissions keyScopes createdAt updatedAt";
export const teamFields = "id tenantId name description keyScopes createdAt updatedAt";
export const keyFields = `id name environment status start scopes metadata allowedIps deniedIps createdAt expiresAt lastUsedAt
  rotatedAt previousSecretExpiresAt disabledAt disabledReason revokedAt revokedReason revokedBy deletedAt owner { id } tenant { id }`;
export const quotaFields = "id targetId limit toppedUp used remaining refill anchor timeZone periodStart resetAt";
export const tokenFields =
  "id name tenantId userId role permissions grantableScopes start createdBy expiresAt revokedAt";
export const sessionFields = "id userId tenantId address createdAt refreshedAt expiresAt endedAt isCurrent";
export const verdictFields = `valid code message docsUrl requestId hint tenantId scopes missingScopes retryAfterMs
  key { id name start environment metadata expiresAt } owner { id externalId name email }
  rateLimits { name limit remaining resetAt exceeded target } quota { limit used remaining resetAt exceeded target }
  api { id slug name version deprecatedAt retiredAt }`;
export const apiFields =
  "id tenantId slug name description visibility access versions { name status deprecatedAt retiredAt } createdAt updatedAt";
export const apiGrantFields =
  "id tenantId apiId keyId status requestedBy requestReason decidedBy decisionReason decidedAt createdAt updatedAt";
export const metricsFields =
  "count valid refused cost byCode { code count } meters { name value } latencyMs { p50 p90 p95 p99 count }";
export const usageFields = `starts totalSeries completeUntil totals { ${metricsFields} }
  series { group { keyId userId api code tag } totals { ${metricsFields} } values points { start metrics { ${metricsFields} } } }`;
export const eventFields =
  "id at tenantId keyId userId code valid api cost tags meters { name value } latencyMs ip userAgent start source";
export const attemptsFields =
  "starts total totalSeries completeUntil series { group { code ip start api } count firstAt lastAt keys addresses values }";

export const diagnosisFields = `at verdict { ${verdictFields} } verdictNow { ${verdictFields} } key { id }
  checks { name outcome code evidence since by wouldFail } findings { code message key { id } }
  remedies { code title mutation variables effect permissions permitted permittedTo }
  refusedCalls { at code api ip userAgent start matchedBy }`;

const tokensSelection = `session { ${sessionFields} } accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt`;

/** What to ask of the payloads of signing in. */
const accountSelections: Readonly<Record<string, string>> = {
  signIn: tokensSelection,
  refreshSession: tokensSelection,
  signOutEverywhere: "endedSessions",
  setPassword: "endedSessions",
  changePassword: "endedSessions",
  requestPasswordLink: "accepted",
  sendPasswordLink: `expiresAt user { ${userFields} }`,
};

/** Somebody with a management token (or none), who calls the API by GraphQL over HTTP. */
export class Caller {
  readonly #counted: (() => Promise<"at once" | "late">) | undefined;

  /** @param counted resolves when the server has counted what was used; without it, a question about usage does not wait for that. */
  constructor(
    readonly url: string,
    readonly token: string | null,
    counted?: () => Promise<"at once" | "late">,
  ) {
    this.#counted = counted;
  }

  query(document: string, variables?: Record<string, unknown>) {
    const ask = () => query(this.url, this.token, document, variables);
    return /\b(?:usage|usageEvents|invalidAttempts)\b/.test(document) ? this.#askCounted(ask) : ask();
  }

  /** Asks again when the machine was so slow that the server may have answered without waiting for the last calls, which it does for 2 seconds. */
  async #askCounted<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const askedAt = performance.now();
    const answer = await ask();
    const isSlow = performance.now() - askedAt > 1_500;
    return (await this.#counted?.()) === "late" || isSlow ? ask() : answer;
  }

  /** Any mutation on a tenant. */
  tenant(name: string, input: Record<string, unknown>) {
    return mutate(this.url, this.token, name, input, `tenant { ${tenantFields} }`);
  }

  /** Any mutation on a user. */
  user(name: string, input: Record<string, unknown>) {
    return mutate(this.url, this.token, name, input, `user { ${userFields} }`);
  }

  /** Any mutation on a custom role. */
  role(name: string, input: Record<string, unknown>) {
    return mutate(this.url, this.token, name, input, `role { ${roleFields} }`);
  }

  /** Any mutation on a team. */
  team(name: string, input: Record<string, unknown>) {
    return mutate(this.url, this.token, name, input, `team { ${teamFields} }`);
  }

  /** Any mutation on an API. */
  api(name: string, input: Record<string, unknown>) {
    return mutate(this.url, this.token, name, input, `api { ${apiFields} }`);
  }

  /** Any mutation on a key's access to an API. */
  apiGrant(name: string, input: Record<string, unknown>) {
    return mutate(this.url, this.token, name, input, `apiGrant { ${apiGrantFields} }`);
  }

  /** Any mutation on a key that hands out no secret. */
  key(name: string, input: Record<string, unknown>) {
    return mutate(this.url, this.token, name, input, `key { ${keyFields} }`);
  }

  /** createKey, rotateKey, reissueKey. */
  keySecret(name: string, input: Record<string, unknown>) {
    return mutate(this.url, this.token, name, input, `secret key { ${keyFields} }`);
  }

  setRateLimits(targetId: string, rateLimits: readonly Record<string, unknown>[]) {
    const selection = "targetId rateLimits { name limit windowMs burst unit remaining }";
    return mutate(this.url, this.token, "setRateLimits", { targetId, rateLimits }, selection);
  }

  /** Any mutation on a quota. */
  quota(name: string, input: Record<string, unknown>) {
    return mutate(this.url, this.token, name, input, `targetId quota { ${quotaFields} }`);
  }

  createToken(input: Record<string, unknown>) {
    const selection = `secret managementToken { ${tokenFields} }`;
    return mutate(this.url, this.token, "createManagementToken", input, selection);
  }

  rotateToken(input: Record<string, unknown>) {
    const selection = `secret managementToken { ${tokenFields} status rotatedAt previousSecretExpiresAt }`;
    return mutate(this.url, this.token, "rotateManagementToken", input, selection);
  }

  /** What `can` answers. */
  async can(action: string, id?: string) {
    const document =
      "query ($action: Permission!, $id: ID) { can(action: $action, id: $id) { action allowed code reason } }";
    return (await this.query(document, { action, id })).can;
  }

  revokeToken(input: Record<string, unknown>) {
    return mutate(this.url, this.token, "revokeManagementToken", input, `managementToken { ${tokenFields} }`);
  }

  async verify(key: string, more: Record<string, unknown> = {}) {
    const document = `mutation ($input: VerifyKeyInput!) { verifyKey(input: $input) { ${verdictFields} } }`;
    return (await this.query(document, { input: { key, ...more } })).verifyKey;
  }

  /** What `diagnoseKey` answers. */
  async diagnose(input: Record<string, unknown>) {
    const document = `query ($input: DiagnoseKeyInput!) { diagnoseKey(input: $input) { ${diagnosisFields} } }`;
    return (await this.query(document, { input })).diagnoseKey;
  }

  /** Sends a remedy exactly as a diagnosis gave it. */
  async remedy({ mutation, variables }: { mutation: string; variables: Record<string, unknown> }) {
    const [result] = Object.values(await this.query(mutation, variables));
    // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is missing
    return result as any;
  }

  /** What `usage` answers. @param selection what to ask for, all of it when left out. */
  async usage(input: Record<string, unknown>, selection = usageFields) {
    return (await this.query(`query ($input: UsageInput!) { usage(input: $input) { ${selection} } }`, { input })).usage;
  }

  async invalidAttempts(input: Record<string, unknown>) {
    const document = `query ($input: InvalidAttemptsInput!) { invalidAttempts(input: $input) { ${attemptsFields} } }`;
    return (await this.query(document, { input })).invalidAttempts;
  }

  /** Any mutation of signing in, by its name. */
  account(name: string, input: Record<string, unknown>) {
    return mutate(this.url, this.token, name, input, `${accountSelections[name] ?? "__typename"}`);
  }

  /** Reports calls; each gets an id of its own unless it has one. */
  recordUsage(events: readonly Record<string, unknown>[]) {
    const input = { events: events.map((event) => ({ id: randomUUID(), ...event })) };
    return mutate(this.url, this.token, "recordUsage", input, "accepted rejected { index eventId code message }");
  }

  /** Follows what is counted of a tenant. */
  usageLive(tenantId: string, intervalMs?: number): Promise<EventStream> {
    const document = `subscription ($tenantId: ID!, $intervalMs: Int) {
      usageLive(tenantId: $tenantId, intervalMs: $intervalMs) { from to count valid byCode { code count } } }`;
    return EventStream.open(this.url, this.token, document, {
      tenantId,
      ...(intervalMs === undefined ? {} : { intervalMs }),
    });
  }

  /** Fetches an export, whose rows it leaves as text. @param parameters a list becomes a parameter given several times. */
  async export(name: string, parameters: Readonly<Record<string, string | readonly string[]>>): Promise<ExportAnswer> {
    const search = new URLSearchParams();
    for (const [key, values] of Object.entries(parameters)) {
      for (const value of [values].flat()) search.append(key, value);
    }
    const headers: Record<string, string> = this.token === null ? {} : { authorization: `Bearer ${this.token}` };
    return this.#askCounted(async () => {
      const response = await fetch(`${this.url}/export/${name}?${search}`, { headers });
      return { status: response.status, headers: response.headers, text: await response.text() };
    });
  }
}

export interface ExportAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}
