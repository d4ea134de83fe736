import type { Transport } from './transport.ts';
import type { CallOptions, IssuedKey, Key, NewKeyInput } from './types.ts';

const PATH = '/api/v1/auth/keys';

/** The API keys of a system; it takes a key that may manage them. */
export class KeysClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The answer is the only one that ever holds the key itself. */
  async create(key: NewKeyInput, options: CallOptions = {}): Promise<IssuedKey> {
    return this.#transport.request({
      method: 'POST',
      path: PATH,
      body: key,
      retry: 'refused',
      signal: options.signal,
    });
  }

  async list(options: CallOptions = {}): Promise<readonly Key[]> {
    const call = { method: 'GET', path: PATH, retry: 'always', signal: options.signal } as const;
    return (await this.#transport.request<{ keys: Key[] }>(call)).keys;
  }

  async get(id: string, options: CallOptions = {}): Promise<Key> {
    return this.#transport.request({ method: 'GET', path: pathOf(id), retry: 'always', signal: options.signal });
  }

  /** Replaces the key; what it was stays good for the grace time. */
  async rotate(id: string, graceSeconds?: number, options: CallOptions = {}): Promise<IssuedKey> {
    return this.#transport.request({
      method: 'POST',
      path: `${pathOf(id)}/rotate`,
      body: graceSeconds === undefined ? {} : { grace_s: graceSeconds },
      retry: 'refused',
      signal: options.signal,
    });
  }

  async revoke(id: string, options: CallOptions = {}): Promise<Key> {
    return this.#transport.request({ method: 'DELETE', path: pathOf(id), retry: 'always', signal: options.signal });
  }
}

function pathOf(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}`;
}
