import { get } from './calls.ts';
import type { Transport } from './http/transport.ts';
import { path } from './paths.ts';
import type { AuditChainPart, AuditEntry, AuditPage, AuditSearch } from './types/access.ts';
import type { CallOptions } from './types/options.ts';

/** The audit log: who did what. It takes a key that may see it. */
export class AuditClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** A page, newest first; `next` is the `before` of the one after it. */
  async find(query: AuditSearch = {}, options?: CallOptions): Promise<AuditPage> {
    return get(this.#transport, path('audit'), { query, options });
  }

  /** Every entry that fits, newest first, page by page; `limit` is that of a page. */
  async *findAll(query: AuditSearch = {}, options?: CallOptions): AsyncGenerator<AuditEntry> {
    let { before }: { before?: string | undefined } = query;
    do {
      const page = await this.find({ ...query, before }, options);
      yield* page.entries;
      before = page.next ?? undefined;
    } while (before !== undefined);
  }

  /** The messages after one, as they are stored. */
  async chain(after: number, options?: CallOptions): Promise<AuditChainPart> {
    return get(this.#transport, path('audit', 'chain'), { query: { after }, options });
  }
}
