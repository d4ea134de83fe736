import { get, once } from './calls.ts';
import type { Transport } from './http/transport.ts';
import { path } from './paths.ts';
import type { IssuedKey, Key, Me, NewKeyInput } from './types/access.ts';
import type { CallOptions } from './types/options.ts';

/** The API keys of a system; all but `me` take a key that may manage them. */
export class KeysClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The answer is the only one that ever holds the key itself. */
  async create(key: NewKeyInput, options?: CallOptions): Promise<IssuedKey> {
    return once(this.#transport, ['POST', of()], { body: key, options });
  }

  /** Every key, newest first. */
  async list(options?: CallOptions): Promise<readonly Key[]> {
    return (await get<{ keys: Key[] }>(this.#transport, of(), { options })).keys;
  }

  async get(id: string, options?: CallOptions): Promise<Key> {
    return get(this.#transport, of(id), { options });
  }

  /** Replaces the key; what it was stays good for the grace time. */
  async rotate(id: string, graceSeconds?: number, options?: CallOptions): Promise<IssuedKey> {
    const body = graceSeconds === undefined ? {} : { grace_s: graceSeconds };
    return once(this.#transport, ['POST', of(id, 'rotate')], { body, options });
  }

  async revoke(id: string, options?: CallOptions): Promise<Key> {
    // To revoke twice is to revoke once.
    return this.#transport.request({ method: 'DELETE', path: of(id), retry: 'always', options });
  }

  /** Whom the gateway takes this client for. */
  async me(options?: CallOptions): Promise<Me> {
    return get(this.#transport, path('auth', 'me'), { options });
  }
}

function of(...names: readonly string[]): string {
  return path('auth', 'keys', ...names);
}
