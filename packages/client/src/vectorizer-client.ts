import { AliasesClient } from './aliases-client.ts';
import { AuditClient } from './audit-client.ts';
import { get, once, put } from './calls.ts';
import { followChanges, type ChangeEvent, type ChangesInput } from './changes.ts';
import { EventsClient } from './events-client.ts';
import { newIdempotencyKey, Transport, type Query, type TransportOptions } from './http/transport.ts';
import { KeysClient } from './keys-client.ts';
import { path } from './paths.ts';
import { ReplicationClient } from './replication-client.ts';
import { RolesClient } from './roles-client.ts';
import { SnapshotsClient } from './snapshots-client.ts';
import { SystemClient } from './system-client.ts';
import type {
  Collection,
  CollectionState,
  NewCollectionInput,
  PayloadIndex,
  PayloadIndexState,
} from './types/collections.ts';
import type { Filter } from './types/filter.ts';
import type { AskOptions, CallOptions, ReadInput, WriteOptions } from './types/options.ts';
import type {
  BatchResult,
  CountInput,
  CountResult,
  DeleteByFilterResult,
  FieldsInput,
  GetInput,
  GetResult,
  OperationInput,
  OperationState,
  PatchInput,
  Point,
  PointInput,
  ScrollInput,
  ScrollResult,
  UpdateInput,
  UpsertInput,
  WriteResult,
} from './types/points.ts';
import type {
  CacheInput,
  CacheUse,
  RecommendInput,
  SearchInput,
  SearchManyResult,
  SearchOptions,
  SearchResult,
} from './types/search.ts';
import { upsertMany, type UpsertManyOptions, type UpsertManyResult } from './upsert-many.ts';
import { withWireExamples, withWireVector } from './wire-vector.ts';

export type ClientOptions = TransportOptions;

/**
 * A typed client of `/api/v1`. It retries what may be retried, a write always under one idempotency key, and sends the
 * token of each collection, so that its reads see its writes through any gateway, and never go back. Failures are
 * VectorizerErrors.
 */
export class VectorizerClient {
  readonly aliases: AliasesClient;
  readonly audit: AuditClient;
  readonly events: EventsClient;
  readonly keys: KeysClient;
  readonly replication: ReplicationClient;
  readonly roles: RolesClient;
  readonly snapshots: SnapshotsClient;
  readonly system: SystemClient;
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
    this.aliases = new AliasesClient(this.#transport);
    this.audit = new AuditClient(this.#transport);
    this.events = new EventsClient(this.#transport);
    this.keys = new KeysClient(this.#transport);
    this.replication = new ReplicationClient(this.#transport);
    this.roles = new RolesClient(this.#transport);
    this.snapshots = new SnapshotsClient(this.#transport);
    this.system = new SystemClient(this.#transport);
  }

  async createCollection(collection: NewCollectionInput, options?: CallOptions): Promise<Collection> {
    this.#transport.tokens.forget(collection.name);
    return once(this.#transport, ['POST', path('collections')], { body: collection, options });
  }

  async listCollections(options?: CallOptions): Promise<readonly Collection[]> {
    const answer = await get<{ collections: Collection[] }>(this.#transport, path('collections'), { options });
    return answer.collections;
  }

  async getCollection(collection: string, options?: CallOptions): Promise<CollectionState> {
    return get(this.#transport, of(collection), { options });
  }

  /** Whether its searches may be answered from the cache. */
  async setCache(collection: string, cache: boolean, options?: CallOptions): Promise<Collection> {
    const body = { cache };
    return this.#transport.request({ method: 'PATCH', path: of(collection), body, retry: 'always', options });
  }

  async deleteCollection(collection: string, options?: CallOptions): Promise<void> {
    await once(this.#transport, ['DELETE', of(collection)], { options });
    this.#transport.tokens.forget(collection);
  }

  /** Declares a payload index, in the place of one of another type on the key. It is built while everything goes on. */
  async putPayloadIndex(collection: string, { key, type }: PayloadIndex, options?: CallOptions): Promise<void> {
    await put(this.#transport, of(collection, 'payload-indexes', key), { body: { type }, options });
  }

  /** Fails with `not_found` when there is none. */
  async deletePayloadIndex(collection: string, key: string, options?: CallOptions): Promise<void> {
    await once(this.#transport, ['DELETE', of(collection, 'payload-indexes', key)], { options });
  }

  async listPayloadIndexes(collection: string, options?: CallOptions): Promise<readonly PayloadIndexState[]> {
    const at = of(collection, 'payload-indexes');
    return (await get<{ payload_indexes: PayloadIndexState[] }>(this.#transport, at, { options })).payload_indexes;
  }

  /** Writes points, replacing those of the same ids. A bad point does not keep the others from being written. */
  async upsert(collection: string, points: readonly UpsertInput[], options?: WriteOptions): Promise<BatchResult> {
    return this.#write(['PUT', of(collection, 'vectors')], { collection, body: inPoints(points), options });
  }

  /**
   * Writes as many points as come, in batches, several under way at a time: see UpsertManyOptions. No more is read than is
   * under way. Throws the first failure of a whole request; single points that are refused are in the result.
   */
  async upsertMany(
    collection: string,
    points: AsyncIterable<UpsertInput> | Iterable<UpsertInput>,
    options: UpsertManyOptions = {},
  ): Promise<UpsertManyResult> {
    const send = async (text: string): Promise<BatchResult> =>
      this.#write(['PUT', of(collection, 'vectors')], { collection, text, options });
    return upsertMany(points, send, options);
  }

  /** Writes points whose ids are new; an id that exists fails with `vector_already_exists`. */
  async insert(collection: string, points: readonly PointInput[], options?: WriteOptions): Promise<BatchResult> {
    return this.#write(['POST', of(collection, 'vectors')], { collection, body: inPoints(points), options });
  }

  /** Replaces the vector, the payload, or both, in one step. */
  async update(
    collection: string,
    { id, ...change }: UpdateInput & { readonly id: string },
    options?: WriteOptions,
  ): Promise<WriteResult> {
    return this.#write(['PUT', of(collection, 'vectors', id)], { collection, body: withWireVector(change), options });
  }

  /** Changes the payload and leaves the vector: merges keys, replaces all, or deletes keys. */
  async patch(
    collection: string,
    { id, ...body }: PatchInput & { readonly id: string },
    options?: WriteOptions,
  ): Promise<WriteResult> {
    return this.#write(['PATCH', of(collection, 'vectors', id)], { collection, body, options });
  }

  /** Deletes by ids; one that is absent fails with `vector_not_found`, and the others are deleted. */
  async delete(collection: string, ids: readonly string[], options?: WriteOptions): Promise<BatchResult> {
    return this.#write(['POST', of(collection, 'vectors', 'delete')], { collection, body: { ids }, options });
  }

  /** Deletes one point; fails with `vector_not_found` when it is absent, `version_conflict` when it has changed. */
  async deleteOne(
    collection: string,
    { id, if_version }: { readonly id: string; readonly if_version?: number | undefined },
    options?: WriteOptions,
  ): Promise<WriteResult> {
    const query = { if_version };
    return this.#write(['DELETE', of(collection, 'vectors', id)], { collection, query, options });
  }

  async deleteByFilter(collection: string, filter: Filter, options?: WriteOptions): Promise<DeleteByFilterResult> {
    return this.#write(['POST', of(collection, 'vectors', 'delete')], { collection, body: { filter }, options });
  }

  /** Mixed operations, applied in order, each answered for itself. */
  async batch(collection: string, operations: readonly OperationInput[], options?: WriteOptions): Promise<BatchResult> {
    const body = { operations: operations.map(withWireVector) };
    return this.#write(['POST', of(collection, 'vectors', 'batch')], { collection, body, options });
  }

  /** What became of a write, by its idempotency key: a failed one that may be in the log has it in `details.idempotency_key`. */
  async operation(collection: string, idempotencyKey: string, options?: AskOptions): Promise<OperationState> {
    const query = { collection, timeout_ms: options?.timeoutMs };
    return get(this.#transport, path('operations', idempotencyKey), { query, options });
  }

  /** Points by ids, in the order asked, and the ids that there are no points of. */
  async get(collection: string, asked: GetInput, options?: CallOptions): Promise<GetResult> {
    return this.#read(of(collection, 'vectors', 'get'), { collection, body: asked, options });
  }

  /** One point, with its vector; fails with `vector_not_found` when it is absent. */
  async getOne(collection: string, id: string, options?: CallOptions & ReadInput & FieldsInput): Promise<Point> {
    const { with_payload, with_vector, consistency, max_lag_ms, timeout_ms } = options ?? {};
    const query = { with_payload, with_vector, consistency, max_lag_ms, timeout_ms };
    const at = of(collection, 'vectors', id);
    return this.#transport.request({ method: 'GET', path: at, query, collection, retry: 'always', options });
  }

  async scroll(collection: string, asked: ScrollInput = {}, options?: CallOptions): Promise<ScrollResult> {
    return this.#read(of(collection, 'vectors', 'scroll'), { collection, body: asked, options });
  }

  /** Every point, page after page, in the order of ids. Points written meanwhile may or may not be among them. */
  async *scrollAll(collection: string, asked: ScrollInput = {}, options?: CallOptions): AsyncGenerator<Point> {
    let { after } = asked;
    for (;;) {
      const page = await this.scroll(collection, { ...asked, after }, options);
      yield* page.points;
      if (page.next === null) return;
      after = page.next;
    }
  }

  async count(collection: string, asked: CountInput = {}, options?: CallOptions): Promise<CountResult> {
    return this.#read(of(collection, 'vectors', 'count'), { collection, body: asked, options });
  }

  /**
   * What happens to the points of a collection, entry by entry, without end: over lost connections and gateways it goes on
   * by itself, with no gap and nothing twice. Takes a connection of its own. See docs/CONSISTENCY.md for what to do with it.
   */
  changes(collection: string, asked: ChangesInput = {}): AsyncGenerator<ChangeEvent> {
    return followChanges(this.#transport, of(collection, 'changes'), asked);
  }

  async search(
    collection: string,
    asked: SearchInput & ReadInput & CacheInput,
    options?: SearchOptions,
  ): Promise<SearchResult & { readonly cache: CacheUse }> {
    return this.#search(of(collection, 'search'), { collection, body: withWireVector(asked), options });
  }

  async searchBatch(
    collection: string,
    asked: ReadInput & CacheInput & { readonly searches: readonly SearchInput[] },
    options?: SearchOptions,
  ): Promise<{ readonly results: readonly SearchResult[]; readonly cache: CacheUse }> {
    const body = { ...asked, searches: asked.searches.map(withWireVector) };
    return this.#search(of(collection, 'search', 'batch'), { collection, body, options });
  }

  /** One search of several collections of one dimension and metric: the best of all of them. */
  async searchMany(
    collections: readonly string[],
    asked: SearchInput & ReadInput & CacheInput,
    options?: SearchOptions,
  ): Promise<SearchManyResult & { readonly cache: CacheUse }> {
    const body = withWireVector({ ...asked, collections });
    return this.#search(path('search'), { collection: collections, body, options });
  }

  /** Points that are like the positive examples and unlike the negative ones, and are none of them. */
  async recommend(
    collection: string,
    asked: RecommendInput & ReadInput & CacheInput,
    options?: SearchOptions,
  ): Promise<SearchResult & { readonly cache: CacheUse }> {
    const body = { ...asked, positive: withWireExamples(asked.positive), negative: withWireExamples(asked.negative) };
    return this.#search(of(collection, 'search', 'recommend'), { collection, body, options });
  }

  /** What this client has seen of a collection, for another one to see at least as much; undefined when that is nothing. */
  token(collection: string): string | undefined {
    return this.#transport.tokens.get(collection);
  }

  /** From here on this client reads of the collection at least what the token's owner had seen. */
  useToken(collection: string, token: string): void {
    this.#transport.tokens.see(collection, token);
  }

  /** From here on this client's reads of the collection demand nothing. */
  forgetToken(collection: string): void {
    this.#transport.tokens.forget(collection);
  }

  /** What this client has seen of every collection, as `tokens` of another client takes it. */
  exportTokens(): Readonly<Record<string, string>> {
    return this.#transport.tokens.all();
  }

  /** From here on this client reads at least what another one had seen. */
  importTokens(tokens: Readonly<Record<string, string>>): void {
    for (const [collection, token] of Object.entries(tokens)) this.useToken(collection, token);
  }

  /** Waits for requests under way, ends what has no end, then closes the connections. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #write<Result>(
    [method, at]: readonly ['PUT' | 'POST' | 'PATCH' | 'DELETE', string],
    { options, query, ...request }: Request<WriteOptions>,
  ): Promise<Result> {
    return this.#transport.request({
      ...request,
      method,
      path: at,
      query: { ...query, wait: options?.wait, timeout_ms: options?.timeoutMs },
      idempotencyKey: options?.idempotencyKey ?? newIdempotencyKey(),
      retry: 'always',
      options,
    });
  }

  async #search<Result>(at: string, request: Request<SearchOptions>): Promise<Result & { readonly cache: CacheUse }> {
    const uncached = request.options?.cache === false;
    return this.#transport.requestNoted({ ...request, method: 'POST', path: at, uncached, retry: 'always' });
  }

  async #read<Result>(at: string, request: Request<CallOptions>): Promise<Result> {
    return this.#transport.request({ ...request, method: 'POST', path: at, retry: 'always' });
  }
}

type Request<Options extends CallOptions> = {
  readonly collection: string | readonly string[];
  readonly query?: Query;
  readonly body?: unknown;
  /** The body as JSON text. */
  readonly text?: string;
  readonly options: Options | undefined;
};

function of(collection: string, ...names: readonly string[]): string {
  return path('collections', collection, ...names);
}

function inPoints(points: readonly PointInput[]): { readonly points: readonly object[] } {
  return { points: points.map(withWireVector) };
}
