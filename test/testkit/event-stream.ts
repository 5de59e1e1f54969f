import { type IncomingMessage, request } from "node:http";

/** An answer of GraphQL within a stream. */
export interface StreamedAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is missing
  readonly data?: any;
  readonly errors?: { message: string; extensions: { code: string; docsUrl?: string; requestId?: string } }[];
}

/** A subscription as server-sent events, read one by one and only when the test asks for one. */
export class EventStream {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly #response: IncomingMessage;
  readonly #parts: AsyncIterator<Buffer>;
  #text = "";

  private constructor(response: IncomingMessage) {
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    this.#response = response;
    this.#parts = response[Symbol.asyncIterator]();
  }

  /** Subscribes, and resolves when the server has begun to answer: from then on it listens. */
  static open(
    url: string,
    token: string | null,
    query: string,
    variables: Record<string, unknown> = {},
  ): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${url}/graphql`,
        {
          method: "POST",
          agent: false,
          headers: {
            "content-type": "application/json",
            accept: "text/event-stream",
            ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          },
        },
        (response) => resolve(new EventStream(response)),
      );
      outgoing.on("error", reject);
      outgoing.end(JSON.stringify({ query, variables }));
    });
  }

  /** The next answer; null at the end of the stream. */
  async next(): Promise<StreamedAnswer | null> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end < 0) {
        const { done, value } = await this.#parts.next();
        if (done) return null;
        this.#text += value.toString();
        continue;
      }
      const event = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      if (/^event: complete$/m.test(event)) return null;
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) return JSON.parse(data) as StreamedAnswer;
    }
  }

  /** All answers that are left, when the stream ends. */
  async rest(): Promise<StreamedAnswer[]> {
    const answers: StreamedAnswer[] = [];
    for (let answer = await this.next(); answer !== null; answer = await this.next()) answers.push(answer);
    return answers;
  }

  /** All of the answer's text, for one that is no stream. */
  async text(): Promise<string> {
    for (;;) {
      const { done, value } = await this.#parts.next();
      if (done) return this.#text;
      this.#text += value.toString();
    }
  }

  close(): void {
    this.#response.destroy();
  }
}
