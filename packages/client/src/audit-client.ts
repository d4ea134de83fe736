import type { Transport } from './transport.ts';
import type { AuditChainPart, AuditPage, AuditSearch, CallOptions } from './types.ts';

const PATH = '/api/v1/audit';

/** The audit log: who did what. It takes a key that may see it. */
export class AuditClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Newest first; `next` of a page is the `before` of the one after it. */
  async find(query: AuditSearch = {}, options: CallOptions = {}): Promise<AuditPage> {
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) asked.set(name, String(value));
    const path = `${PATH}?${asked.toString()}`;
    return this.#transport.request({ method: 'GET', path, retry: 'always', signal: options.signal });
  }

  /** The messages after one, as they are stored. */
  async chain(after: number, options: CallOptions = {}): Promise<AuditChainPart> {
    const path = `${PATH}/chain?after=${after}`;
    return this.#transport.request({ method: 'GET', path, retry: 'always', signal: options.signal });
  }
}
