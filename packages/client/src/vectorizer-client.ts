import type { Filter } from '@vectorizer/contracts';
import { AuditClient } from './audit-client.ts';
import { EventsClient } from './events-client.ts';
import { followChanges, type ChangeEvent, type ChangesInput } from './changes.ts';
import { KeysClient } from './keys-client.ts';
import { newIdempotencyKey, Transport, type TransportOptions } from './transport.ts';
import type {
  BatchResult,
  CacheInput,
  CacheUse,
  CallOptions,
  Collection,
  CollectionState,
  CountResult,
  DeleteByFilterResult,
  FieldsInput,
  NewCollectionInput,
  OperationInput,
  PatchInput,
  PayloadIndex,
  PayloadIndexState,
  Point,
  PointInput,
  ReadInput,
  RecommendInput,
  ScrollInput,
  ScrollResult,
  SearchInput,
  SearchManyResult,
  SearchOptions,
  SearchResult,
  UpdateInput,
  UpsertInput,
  WriteOptions,
  WriteResult,
} from './types.ts';

export type ClientOptions = TransportOptions;

/**
 * A typed client of `/api/v1`. It retries what may be retried, a write always under one idempotency key, and sends the
 * token of each collection, so that its reads see its writes through any gateway. Failures are VectorizerErrors.
 */
export class VectorizerClient {
  readonly audit: AuditClient;
  readonly events: EventsClient;
  readonly keys: KeysClient;
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
    this.audit = new AuditClient(this.#transport);
    this.events = new EventsClient(this.#transport);
    this.keys = new KeysClient(this.#transport);
  }

  async createCollection(collection: NewCollectionInput, options: CallOptions = {}): Promise<Collection> {
    this.#transport.forget(collection.name);
    const path = '/api/v1/collections';
    return this.#transport.request({
      method: 'POST',
      path,
      body: collection,
      retry: 'refused',
      signal: options.signal,
    });
  }

  async listCollections(options: CallOptions = {}): Promise<readonly Collection[]> {
    const call = { method: 'GET', path: '/api/v1/collections', retry: 'always', signal: options.signal } as const;
    return (await this.#transport.request<{ collections: Collection[] }>(call)).collections;
  }

  async getCollection(collection: string, options: CallOptions = {}): Promise<CollectionState> {
    const path = pathOf(collection);
    return this.#transport.request({ method: 'GET', path, retry: 'always', signal: options.signal });
  }

  /** Whether its searches may be answered from the cache. */
  async setCache(collection: string, cache: boolean, options: CallOptions = {}): Promise<void> {
    const path = pathOf(collection);
    await this.#transport.request({ method: 'PATCH', path, body: { cache }, retry: 'always', signal: options.signal });
  }

  async deleteCollection(collection: string, options: CallOptions = {}): Promise<void> {
    const path = pathOf(collection);
    await this.#transport.request({ method: 'DELETE', path, retry: 'refused', signal: options.signal });
    this.#transport.forget(collection);
  }

  /** Declares a payload index, in the place of one of another type on the key. It is built while everything goes on. */
  async putPayloadIndex(collection: string, { key, type }: PayloadIndex, options: CallOptions = {}): Promise<void> {
    const path = payloadIndexPath(collection, key);
    await this.#transport.request({ method: 'PUT', path, body: { type }, retry: 'always', signal: options.signal });
  }

  /** Fails with `not_found` when there is none. */
  async deletePayloadIndex(collection: string, key: string, options: CallOptions = {}): Promise<void> {
    const path = payloadIndexPath(collection, key);
    await this.#transport.request({ method: 'DELETE', path, retry: 'refused', signal: options.signal });
  }

  async listPayloadIndexes(collection: string, options: CallOptions = {}): Promise<readonly PayloadIndexState[]> {
    const path = `${pathOf(collection)}/payload-indexes`;
    const call = { method: 'GET', path, retry: 'always', signal: options.signal } as const;
    return (await this.#transport.request<{ payload_indexes: PayloadIndexState[] }>(call)).payload_indexes;
  }

  /** Writes points, replacing those of the same ids. A bad point does not keep the others from being written. */
  async upsert(collection: string, points: readonly UpsertInput[], options: WriteOptions = {}): Promise<BatchResult> {
    const body = { points: points.map(withWireVector) };
    return this.#write(collection, { method: 'PUT', route: '/vectors', body }, options);
  }

  /** Writes points whose ids are new; an id that exists fails with `vector_already_exists`. */
  async insert(collection: string, points: readonly PointInput[], options: WriteOptions = {}): Promise<BatchResult> {
    const body = { points: points.map(withWireVector) };
    return this.#write(collection, { method: 'POST', route: '/vectors', body }, options);
  }

  /** Replaces the vector, the payload, or both, in one step. */
  async update(
    collection: string,
    change: UpdateInput & { readonly id: string },
    options: WriteOptions = {},
  ): Promise<WriteResult> {
    const { id, ...body } = change;
    return this.#write(collection, { method: 'PUT', route: vectorPath(id), body: withWireVector(body) }, options);
  }

  /** Changes the payload and leaves the vector: merges keys, replaces all, or deletes keys. */
  async patch(
    collection: string,
    change: PatchInput & { readonly id: string },
    options: WriteOptions = {},
  ): Promise<WriteResult> {
    const { id, ...body } = change;
    return this.#write(collection, { method: 'PATCH', route: vectorPath(id), body }, options);
  }

  /** Deletes by ids; one that is absent fails with `vector_not_found`, and the others are deleted. */
  async delete(collection: string, ids: readonly string[], options: WriteOptions = {}): Promise<BatchResult> {
    return this.#write(collection, { method: 'POST', route: '/vectors/delete', body: { ids } }, options);
  }

  /** Deletes one point; fails with `vector_not_found` when it is absent, `version_conflict` when it has changed. */
  async deleteOne(
    collection: string,
    { id, if_version }: { readonly id: string; readonly if_version?: number },
    options: WriteOptions = {},
  ): Promise<WriteResult> {
    const query = if_version === undefined ? {} : { if_version: String(if_version) };
    return this.#write(collection, { method: 'DELETE', route: vectorPath(id), query }, options);
  }

  async deleteByFilter(collection: string, filter: Filter, options: WriteOptions = {}): Promise<DeleteByFilterResult> {
    return this.#write(collection, { method: 'POST', route: '/vectors/delete', body: { filter } }, options);
  }

  /** Mixed operations, applied in order, each answered for itself. */
  async batch(
    collection: string,
    operations: readonly OperationInput[],
    options: WriteOptions = {},
  ): Promise<BatchResult> {
    const body = { operations: operations.map(withWireVector) };
    return this.#write(collection, { method: 'POST', route: '/vectors/batch', body }, options);
  }

  /** Points by ids, in the order asked, and the ids that there are no points of. */
  async get(
    collection: string,
    asked: ReadInput & FieldsInput & { readonly ids: readonly string[] },
    options: CallOptions = {},
  ): Promise<{ readonly points: readonly Point[]; readonly missing: readonly string[] }> {
    return this.#read(collection, { route: '/vectors/get', body: asked }, options);
  }

  /** One point, with its vector; fails with `vector_not_found` when it is absent. */
  async getOne(collection: string, id: string, options: CallOptions = {}): Promise<Point> {
    const path = `${pathOf(collection)}${vectorPath(id)}`;
    return this.#transport.request({ method: 'GET', path, collection, retry: 'always', signal: options.signal });
  }

  async scroll(collection: string, asked: ScrollInput = {}, options: CallOptions = {}): Promise<ScrollResult> {
    return this.#read(collection, { route: '/vectors/scroll', body: asked }, options);
  }

  /** Every point, page after page, in the order of ids. Points written meanwhile may or may not be among them. */
  async *scrollAll(collection: string, asked: ScrollInput = {}, options: CallOptions = {}): AsyncGenerator<Point> {
    let after = asked.after;
    for (;;) {
      const page = await this.scroll(collection, after === undefined ? asked : { ...asked, after }, options);
      yield* page.points;
      if (page.next === null) return;
      after = page.next;
    }
  }

  async count(
    collection: string,
    asked: ReadInput & { readonly filter?: Filter } = {},
    options: CallOptions = {},
  ): Promise<CountResult> {
    return this.#read(collection, { route: '/vectors/count', body: asked }, options);
  }

  /**
   * What happens to the points of a collection, entry by entry, without end: over lost connections and gateways it goes on
   * by itself, with no gap and nothing twice. Takes a connection of its own. See docs/CONSISTENCY.md for what to do with it.
   */
  changes(collection: string, asked: ChangesInput = {}): AsyncGenerator<ChangeEvent> {
    return followChanges(this.#transport, `${pathOf(collection)}/changes`, asked);
  }

  async search(
    collection: string,
    asked: SearchInput & ReadInput & CacheInput,
    options: SearchOptions = {},
  ): Promise<SearchResult & { readonly cache: CacheUse }> {
    return this.#search(collection, { route: '/search', body: withWireVector(asked) }, options);
  }

  async searchBatch(
    collection: string,
    asked: ReadInput & CacheInput & { readonly searches: readonly SearchInput[] },
    options: SearchOptions = {},
  ): Promise<{ readonly results: readonly SearchResult[]; readonly cache: CacheUse }> {
    const body = { ...asked, searches: asked.searches.map(withWireVector) };
    return this.#search(collection, { route: '/search/batch', body }, options);
  }

  /** One search of several collections of one dimension and metric: the best of all of them. */
  async searchMany(
    collections: readonly string[],
    asked: SearchInput & ReadInput & CacheInput,
    { signal, cache }: SearchOptions = {},
  ): Promise<SearchManyResult & { readonly cache: CacheUse }> {
    const body = withWireVector({ ...asked, collections });
    const call = { method: 'POST', path: '/api/v1/search', body, retry: 'always', signal } as const;
    return this.#transport.requestNoted({ ...call, collection: collections, uncached: cache === false });
  }

  /** Points that are like the positive examples and unlike the negative ones, and are none of them. */
  async recommend(
    collection: string,
    asked: RecommendInput & ReadInput & CacheInput,
    options: SearchOptions = {},
  ): Promise<SearchResult & { readonly cache: CacheUse }> {
    const body = { ...asked, positive: withWireExamples(asked.positive), negative: withWireExamples(asked.negative) };
    return this.#search(collection, { route: '/search/recommend', body }, options);
  }

  /** What this client has seen of a collection, for another one to see at least as much; undefined when that is nothing. */
  token(collection: string): string | undefined {
    return this.#transport.token(collection);
  }

  /** From here on this client reads of the collection at least what the token's owner had seen. */
  useToken(collection: string, token: string): void {
    this.#transport.useToken(collection, token);
  }

  /** From here on this client's reads of the collection demand nothing. */
  forgetToken(collection: string): void {
    this.#transport.forget(collection);
  }

  /** As the replication monitor reports it. */
  async replicationStatus(options: CallOptions = {}): Promise<unknown> {
    const path = '/api/v1/replication/status';
    return this.#transport.request({ method: 'GET', path, retry: 'always', signal: options.signal });
  }

  /** Waits for requests under way, ends what has no end, then closes the connections. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #write<Result>(
    collection: string,
    { method, route, body, query: own }: WriteRequest,
    options: WriteOptions,
  ): Promise<Result> {
    const query = new URLSearchParams(own);
    if (options.wait !== undefined) query.set('wait', options.wait);
    if (options.timeoutMs !== undefined) query.set('timeout_ms', String(options.timeoutMs));
    const path = `${pathOf(collection)}${route}${query.size === 0 ? '' : `?${query.toString()}`}`;
    const idempotencyKey = options.idempotencyKey ?? newIdempotencyKey();
    return this.#transport.request({
      method,
      path,
      body,
      collection,
      idempotencyKey,
      retry: 'always',
      signal: options.signal,
    });
  }

  async #search<Result>(
    collection: string,
    { route, body }: { route: string; body: unknown },
    { signal, cache }: SearchOptions,
  ): Promise<Result & { readonly cache: CacheUse }> {
    const path = `${pathOf(collection)}${route}`;
    const uncached = cache === false;
    return this.#transport.requestNoted({ method: 'POST', path, body, collection, uncached, retry: 'always', signal });
  }

  async #read<Result>(
    collection: string,
    { route, body }: { route: string; body: unknown },
    options: CallOptions,
  ): Promise<Result> {
    const path = `${pathOf(collection)}${route}`;
    return this.#transport.request({ method: 'POST', path, body, collection, retry: 'always', signal: options.signal });
  }
}

type WriteRequest = {
  readonly method: 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly route: string;
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string>>;
};

function pathOf(collection: string): string {
  return `/api/v1/collections/${encodeURIComponent(collection)}`;
}

function payloadIndexPath(collection: string, key: string): string {
  return `${pathOf(collection)}/payload-indexes/${encodeURIComponent(key)}`;
}

function vectorPath(id: string): string {
  return `/vectors/${encodeURIComponent(id)}`;
}

/** The item with its Float32Array, if it has one, as base64. */
function withWireVector(item: object): object {
  if (!('vector' in item) || !(item.vector instanceof Float32Array)) return item;
  const { buffer, byteOffset, byteLength } = item.vector;
  return { ...item, vector: Buffer.from(buffer, byteOffset, byteLength).toString('base64') };
}

/** As numbers, since a text is an id here. */
function withWireExamples(examples: RecommendInput['positive'] = []): readonly (string | readonly number[])[] {
  return examples.map((example) => (example instanceof Float32Array ? Array.from(example) : example));
}
