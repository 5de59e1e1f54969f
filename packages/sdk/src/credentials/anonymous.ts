import { readAnswer } from "../client/answer.js";
import { withDeadline } from "../client/deadline.js";
import { openResponse, readWhole } from "../client/exchange.js";
import type { Secrets } from "../client/redact.js";
import type { TokenEndpointDeps } from "./client-credentials.js";

/**
 * Sends a GraphQL operation without a token, as whoever has none yet must, and answers its data.
 *
 * @param secrets what the variables have that no error may show.
 * @param url the GraphQL endpoint.
 * @throws KeyplaneError
 */
export async function sendAnonymously(
  query: string,
  variables: Readonly<Record<string, unknown>>,
  secrets: Secrets,
  url: string,
  { fetch, headers, timeoutMs, runtime }: TokenEndpointDeps,
): Promise<unknown> {
  const body = JSON.stringify({ query, variables });
  const answer = await withDeadline({ timeoutMs, signal: undefined }, async (signal) => {
    const request = { url, accept: "application/graphql-response+json, application/json", body, authorization: null };
    return readWhole(await openResponse({ fetch, headers }, secrets, request, signal), url, secrets);
  });
  return readAnswer(answer, { url, token: secrets, now: runtime.now() });
}
