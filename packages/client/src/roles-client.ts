import { get, once, put } from './calls.ts';
import type { Transport } from './http/transport.ts';
import { path } from './paths.ts';
import type { Permission, Role } from './types/access.ts';
import type { CallOptions } from './types/options.ts';

/** What keys may do, by name; it takes a key that may manage them. */
export class RolesClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async list(options?: CallOptions): Promise<readonly Role[]> {
    return (await get<{ roles: Role[] }>(this.#transport, path('auth', 'roles'), { options })).roles;
  }

  /** Makes a role, or gives one that is there other permissions. */
  async set(name: string, permissions: readonly Permission[], options?: CallOptions): Promise<Role> {
    return put(this.#transport, path('auth', 'roles', name), { body: { permissions }, options });
  }

  async delete(name: string, options?: CallOptions): Promise<void> {
    await once(this.#transport, ['DELETE', path('auth', 'roles', name)], { options });
  }
}
