/** How a server on this machine is reached. @param host the address that it listens on: of all addresses, `localhost` is one. */
export function listeningUrl(host: string, port: number): string {
  const name = ["0.0.0.0", "::"].includes(host) ? "localhost" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

/**
 * The address by which people and programs reach this installation. It is part of every token that is issued (`iss`) and of
 * every link that is sent.
 */
export class PublicUrl {
  readonly #configured: string | null;
  readonly #host: string;
  #port: number;

  /**
   * @param settings.publicUrl KEYPLANE_PUBLIC_URL; null: where this machine listens.
   * @param settings.host the address that is listened on.
   * @param settings.port the port that is asked for; 0 until the system has chosen one.
   */
  constructor({ publicUrl, host, port }: { publicUrl: string | null; host: string; port: number }) {
    this.#configured = publicUrl;
    this.#host = host;
    this.#port = port;
  }

  /** The origin, without a slash at its end. */
  get origin(): string {
    return this.#configured ?? listeningUrl(this.#host, this.#port);
  }

  /** The port that is listened on, once it is known. */
  listening(port: number): void {
    this.#port = port;
  }
}
