/** A browser as far as a sign-in needs one: it keeps cookies by path, follows nothing by itself, and sends forms. */
export class Browser {
  readonly #cookies = new Map<string, { value: string; path: string }>();

  /** Where the last answer stands. */
  url = "";

  async get(url: string): Promise<Response> {
    return this.#send(url, {});
  }

  /** Sends a form to the page that is open, as its button does. */
  async submit(form: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
    return this.#send(this.url, {
      method: "POST",
      body: new URLSearchParams(form),
      headers: { "sec-fetch-site": "same-origin", ...headers },
    });
  }

  /** Follows redirects as long as they stay with the server. @returns the page, or the first answer that leads elsewhere. */
  async follow(response: Response): Promise<Response> {
    let answer = response;
    for (let step = 0; step < 10; step++) {
      const location = answer.headers.get("location");
      if (location === null) return answer;
      const target = new URL(location, this.url);
      if (target.origin !== new URL(this.url).origin) return answer;
      await answer.arrayBuffer();
      answer = await this.get(target.href);
    }
    throw new Error("the redirects do not end");
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    const { pathname } = new URL(url);
    const sent = [...this.#cookies].filter(
      ([, { path }]) => pathname === path || pathname.startsWith(`${path}/`.replace("//", "/")),
    );
    const cookie = sent.map(([name, { value }]) => `${name}=${value}`).join("; ");
    const headers = { ...(init.headers as Record<string, string> | undefined), ...(cookie ? { cookie } : {}) };
    const response = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) this.#keep(line, pathname);
    this.url = url;
    return response;
  }

  #keep(line: string, from: string): void {
    const [pair = "", ...attributes] = line.split("; ");
    const [name = "", value = ""] = pair.split("=");
    const path = attributes.find((each) => each.startsWith("path="))?.slice(5) ?? from;
    if (value === "" || attributes.some((each) => each.startsWith("expires=Thu, 01 Jan 1970")))
      this.#cookies.delete(name);
    else this.#cookies.set(name, { value, path });
  }
}
