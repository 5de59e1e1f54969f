/** An answer of the server, as it came over HTTP. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is missing
  readonly body: any;
}

/** Sends one operation over HTTP. @param token null: an anonymous caller. */
export async function sendGraphql(
  url: string,
  token: string | null,
  query: string,
  variables: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}

/**
 * Calls a mutation by its name and gives its result: the payload or the refusal, with `__typename`.
 *
 * @param selection what to ask of the payload, e.g. `key { id status } secret`.
 */
export async function mutate(
  url: string,
  token: string | null,
  name: string,
  input: Record<string, unknown>,
  selection: string,
  // biome-ignore lint/suspicious/noExplicitAny: as above
): Promise<any> {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const query = `mutation ($input: ${type}Input!) { ${name}(input: $input) { __typename
    ... on ${type}Payload { ${selection} }
    ... on Error { code message docsUrl }
    ... on InvalidInputError { issues { path message } }${mayWait(name)} } }`;
  const { body } = await sendGraphql(url, token, query, { input });
  if (body.errors) throw new GraphqlFailure(body.errors);
  return body.data[name];
}

/** Those that can ask for a pause say how long. */
function mayWait(name: string): string {
  const can = ["signIn", "refreshSession", "setPassword", "changePassword", "requestPasswordLink", "testWebhook"];
  return can.includes(name) ? " ... on RateLimitedError { retryAfterMs }" : "";
}

/** Runs a query and gives its data. */
export async function query(
  url: string,
  token: string | null,
  document: string,
  variables: Record<string, unknown> = {},
  // biome-ignore lint/suspicious/noExplicitAny: as above
): Promise<any> {
  const { body } = await sendGraphql(url, token, document, variables);
  if (body.errors) throw new GraphqlFailure(body.errors);
  return body.data;
}

/** Top-level errors: the request as a whole was refused. */
export class GraphqlFailure extends Error {
  readonly code: string;

  constructor(readonly errors: { message: string; extensions: { code: string; requestId: string } }[]) {
    super(errors.map((error) => `${error.extensions.code}: ${error.message}`).join("\n"));
    this.code = errors[0]?.extensions.code ?? "";
  }
}
