import { get, once, put } from './calls.ts';
import type { Transport } from './http/transport.ts';
import { path } from './paths.ts';
import type { Alias } from './types/collections.ts';
import type { CallOptions } from './types/options.ts';

/** Other names of collections. */
export class AliasesClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async list(options?: CallOptions): Promise<readonly Alias[]> {
    return (await get<{ aliases: Alias[] }>(this.#transport, path('aliases'), { options })).aliases;
  }

  /** Fails with `not_found` when there is none. */
  async get(alias: string, options?: CallOptions): Promise<Alias> {
    return get(this.#transport, path('aliases', alias), { options });
  }

  /** The alias stands for the collection from here on, in one step. */
  async set(alias: string, collection: string, options?: CallOptions): Promise<Alias> {
    const set = await put<Alias>(this.#transport, path('aliases', alias), { body: { collection }, options });
    // A token is of the collection that it stood for.
    this.#transport.tokens.forget(alias);
    return set;
  }

  async delete(alias: string, options?: CallOptions): Promise<void> {
    await once(this.#transport, ['DELETE', path('aliases', alias)], { options });
    this.#transport.tokens.forget(alias);
  }
}
