import { GraphqlFailure } from "./graphql.js";

export const eventFields = `__typename
  ... on KeyEvent { cursor type occurredAt tenantId keyId userId reason }
  ... on ResyncRequired { cursor code reason }`;

const argumentTypes: Record<string, string> = {
  tenantId: "ID",
  after: "String",
  types: "[KeyEventType!]",
  keyIds: "[ID!]",
};

/** The document of a subscription to key events with these arguments. */
export function keyEventsDocument(args: Record<string, unknown>, fields = eventFields): string {
  const names = Object.keys(args);
  const declared = names.length === 0 ? "" : `(${names.map((name) => `$${name}: ${argumentTypes[name]}`).join(", ")})`;
  const passed = names.length === 0 ? "" : `(${names.map((name) => `${name}: $${name}`).join(", ")})`;
  return `subscription ${declared} { keyEvents${passed} { ${fields} } }`;
}

/** A message of the subscription, as it came. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads the fields that it asked for
export type Message = any;

/** Follows key events over server-sent events, as any program could. */
export class EventFollower {
  /** Everything that has come so far. */
  readonly messages: Message[] = [];
  /** The numbers of the heartbeats, in milliseconds, each with the number of messages that came before it. */
  readonly heartbeats: { readonly ms: number; readonly after: number }[] = [];
  /** Why the stream ended; null while it has not, undefined when it just did. */
  error: GraphqlFailure | null = null;
  hasEnded = false;
  readonly #stop = new AbortController();
  #taken = 0;
  #wake: (() => void)[] = [];
  #isPaused = false;
  #resume = (): void => {};

  private constructor() {}

  /** @throws GraphqlFailure when the subscription is refused at once. */
  static async open(
    { url, token }: { url: string; token: string | null },
    args: Record<string, unknown> = {},
    fields?: string,
  ): Promise<EventFollower> {
    const follower = new EventFollower();
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query: keyEventsDocument(args, fields), variables: args }),
      signal: follower.#stop.signal,
    });
    if (!response.headers.get("content-type")?.startsWith("text/event-stream") || !response.body) {
      throw new GraphqlFailure(JSON.parse(await response.text()).errors);
    }
    void follower.#read(response.body);
    return follower;
  }

  /** The next message, when there is one. @throws when the stream ends first, or nothing comes in a minute. */
  async next(): Promise<Message> {
    await this.#until(() => this.messages.length > this.#taken || this.hasEnded, "a message");
    const message = this.messages[this.#taken];
    if (message === undefined) throw this.error ?? new Error("the stream ended");
    this.#taken += 1;
    return message;
  }

  async take(count: number): Promise<Message[]> {
    const taken = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }

  /** Resolves when the server has said that everything up to now was sent. */
  async current(): Promise<void> {
    const known = this.heartbeats.length;
    await this.#until(() => this.heartbeats.length > known || this.hasEnded, "a heartbeat");
  }

  async ended(): Promise<void> {
    await this.#until(() => this.hasEnded, "the end");
  }

  /** Takes nothing more from the network, until `resume`. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#resume();
  }

  close(): void {
    this.#stop.abort();
    this.resume();
  }

  async #until(isSo: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!isSo()) {
      if (Date.now() > deadline) throw new Error(`${what} did not come; so far: ${JSON.stringify(this.messages)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
        text += decoder.decode(chunk, { stream: true });
        const parts = text.split("\n\n");
        text = parts.pop() ?? "";
        for (const part of parts) this.#take(part);
        for (const wake of this.#wake.splice(0)) wake();
        if (this.#isPaused) {
          await new Promise<void>((resolve) => {
            this.#resume = resolve;
          });
        }
      }
    } catch {
      // closed by us, or the server went away
    }
    this.hasEnded = true;
    for (const wake of this.#wake.splice(0)) wake();
  }

  #take(part: string): void {
    const current = /^: current (\d+)$/m.exec(part)?.[1];
    if (current) this.heartbeats.push({ ms: Number(current), after: this.messages.length });
    const data = /^data: ?(.+)$/m.exec(part)?.[1];
    if (!data) return;
    const { data: found, errors } = JSON.parse(data);
    if (errors) this.error = new GraphqlFailure(errors);
    else this.messages.push(found.keyEvents);
  }
}
