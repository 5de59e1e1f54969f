/** Asks the server. The token goes into a header and nowhere else. */

/** What the server refused, in its own words; or that it did not answer. */
export class Refusal extends Error {
  constructor({ message, path, extensions = {} }) {
    super(message);
    this.code = extensions.code ?? null;
    this.requestId = extensions.requestId ?? null;
    this.docsUrl = extensions.docsUrl ?? null;
    this.field = path?.[0] ?? null;
  }
}

/** Which characters can be in a header; fetch would throw words that nobody understands. */
const sendable = /^[\x21-\x7e]+$/;

export async function send(path, token, options = {}) {
  if (!sendable.test(token)) {
    const message =
      "This is no token: it has blanks or other characters that no token has. Copy the whole token again.";
    throw new Refusal({ message });
  }
  const headers = { ...options.headers, authorization: `Bearer ${token}` };
  try {
    return await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit", redirect: "error" });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Refusal({ message: "The server does not answer. Check that it runs, and refresh." });
  }
}

/** @returns the data of an operation, and when the server says that it answered. @throws Refusal */
export async function ask(token, query, variables, signal) {
  const response = await send("/graphql", token, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ query, variables }),
    signal,
  });
  const answer = await answerOf(response);
  if (answer?.errors?.length) throw new Refusal(answer.errors[0]);
  if (!answer?.data) throw unreadable(response);
  return { ...answer.data, answeredAt: Date.parse(response.headers.get("date")) };
}

/** The answers of a subscription, as server-sent events, until the signal ends it. @throws Refusal */
export async function* answersOf(token, query, variables, signal) {
  const response = await send("/graphql", token, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ query, variables }),
    signal,
  });
  if (!response.ok || !response.body) throw await refusalOf(response);
  let text = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const events = text.split(/\r?\n\r?\n/);
    text = events.pop();
    for (const event of events) {
      const data = /^data: ?(.+)$/m.exec(event)?.[1];
      if (!data) continue;
      const answer = JSON.parse(data);
      if (answer.errors?.length) throw new Refusal(answer.errors[0]);
      if (answer.data) yield answer.data;
    }
  }
}

/** What an answer that is no success has to say. */
export async function refusalOf(response) {
  const answer = await answerOf(response);
  return answer?.errors?.length ? new Refusal(answer.errors[0]) : unreadable(response);
}

async function answerOf(response) {
  try {
    return await response.json();
  } catch {
    // Something between us and the server may answer in another form, e.g. a proxy with a page.
    return null;
  }
}

function unreadable({ status }) {
  const message = `The answer, of status ${status}, is not one of Keyplane. Something between this page and the server may have made it.`;
  return new Refusal({ message });
}
