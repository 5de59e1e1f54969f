/**
 * The address by which people and programs reach this installation. It is part of every token that is issued (`iss`) and of
 * every link that is sent.
 */
export class PublicUrl {
  readonly #configured: string | null;
  #port: number;

  /**
   * @param configured KEYPLANE_PUBLIC_URL; null: this machine, at the port that is listened on.
   * @param port the port that is asked for; 0 until the system has chosen one.
   */
  constructor(configured: string | null, port: number) {
    this.#configured = configured;
    this.#port = port;
  }

  /** The origin, without a slash at its end. */
  get origin(): string {
    return this.#configured ?? `http://localhost:${this.#port}`;
  }

  /** The port that is listened on, once it is known. */
  listening(port: number): void {
    this.#port = port;
  }
}
