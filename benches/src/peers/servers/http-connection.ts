import { Client } from 'undici';

export type Method = 'GET' | 'POST' | 'PUT';
export type Sent = { readonly method: Method; readonly path: string; readonly body?: string };

/** One keep-alive connection. */
export class HttpConnection {
  readonly #client: Client;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(port: number, headers: Readonly<Record<string, string>> = {}) {
    this.#client = new Client(`http://127.0.0.1:${port}`, { pipelining: 1 });
    this.#headers = { 'content-type': 'application/json', ...headers };
  }

  /** The answer's text; throws what is not a success. */
  async ask({ method, path, body }: Sent): Promise<string> {
    const response = await this.#client.request({ method, path, headers: this.#headers, body: body ?? null });
    const text = await response.body.text();
    if (response.statusCode >= 300) throw new Error(`${path}: HTTP ${response.statusCode}: ${text.slice(0, 300)}`);
    return text;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
