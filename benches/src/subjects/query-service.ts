import { Catalog, connectNats, LocalBus } from '@vectorizer/cluster';
import {
  heartbeat,
  NewCollection,
  NodeId,
  search,
  shardSearch,
  type CollectionRecord,
  type ReplicaReport,
  type SearchAnswer,
  type SearchSpec,
} from '@vectorizer/contracts';
import { Log } from '@vectorizer/log';
// The service's core alone: its door brings Nest, which node cannot run from sources.
import { Query } from '@vectorizer/query/core';
import { createLogger } from '@vectorizer/telemetry';
import { startNats, startRedis, until } from '@vectorizer/testing';
import type { Dataset } from '../data/dataset.ts';
import type { Search } from '../measure/search-loop.ts';
import { K, PATIENCE_MS } from '../setting.ts';
import type { Engine } from './engine.ts';

/** Room for every answer that a run asks for. */
const MEMORY_BYTES = 2 ** 28;
const HEARTBEAT_MS = 500;
const CALL_MS = 60_000;

type Parts = {
  readonly bus: LocalBus;
  readonly record: CollectionRecord;
  readonly query: Query;
  /** The node says how it is. */
  readonly beat: () => void;
};

type Served = { readonly dataset: Dataset; readonly tier: 'memory' | 'shared'; readonly ef: number };

/** How each search is asked: all but `fresh` ask the queries of the data set over and over. */
export type Asking = 'cached' | 'bypass' | 'fresh' | 'fresh bypass';

/**
 * The query service in this process, over an engine as its only index node: a search goes the way that it goes in the
 * standalone server, from the service's door on. `shared` keeps nothing in memory, so that all it has comes from Redis.
 */
export class QueryService implements AsyncDisposable {
  readonly #bus: LocalBus;
  readonly #record: CollectionRecord;
  readonly #query: Query;
  readonly #dataset: Dataset;
  readonly #ef: number;
  readonly #held: AsyncDisposableStack;
  readonly #beat: () => void;
  #beatAtMs = -Infinity;
  #fresh = 0;

  private constructor(
    parts: Pick<Parts, 'bus' | 'record' | 'query' | 'beat'>,
    { dataset, ef }: Omit<Served, 'tier'>,
    held: AsyncDisposableStack,
  ) {
    this.#bus = parts.bus;
    this.#record = parts.record;
    this.#query = parts.query;
    this.#beat = parts.beat;
    this.#dataset = dataset;
    this.#ef = ef;
    this.#held = held;
  }

  static async open(engine: Engine, { dataset, tier, ef }: Served): Promise<QueryService> {
    await using stack = new AsyncDisposableStack();
    const redis = tier === 'shared' ? stack.use(await startRedis()) : undefined;
    const nats = stack.use(await startNats());
    const connection = await connectNats({ servers: nats.url, name: 'bench' });
    stack.defer(async () => connection.close());
    const logger = createLogger({ service: 'bench', level: 'warn' });
    const catalog = stack.adopt(await Catalog.open({ connection, replicas: 1, logger }), (open) => open.close());
    const log = await Log.open({ connection, replicas: 1 });
    const bus = new LocalBus();
    const node = NodeId.parse('bench');
    const asked = NewCollection.parse({ name: 'bench', dimension: dataset.dimension });
    const record = await catalog.create(asked, () => [[node]]);
    const memory = { bytesMax: tier === 'memory' ? MEMORY_BYTES : 1, entryBytesMax: 2 ** 20, ttlMs: 600_000 };
    const shared = redis === undefined ? undefined : { url: redis.url };
    const cache = { ...memory, redis: shared, redisMsMax: 5 };
    const query = stack.adopt(new Query({ bus, catalog, log, logger, cache }), (open) => open.close());
    query.serve();
    bus.serve(shardSearch, async ({ searches }) => engine.answer(searches), node);
    const report = { ...engine.report, node, uid: record.uid, shard: 0, phase: 'following' } satisfies ReplicaReport;
    const at = new Date().toISOString();
    const beat = (): void => bus.announce(heartbeat, { node, at, host: '', port: 1, replicas: [report] });
    const service = new QueryService({ bus, record, query, beat }, { dataset, ef }, stack.move());
    if (tier === 'shared') await service.#connected();
    return service;
  }

  search(asking: Asking): Search {
    const specs = this.#dataset.queries.map((vector): SearchSpec => ({
      vector,
      k: K,
      ef: this.#ef,
      with_payload: false,
      with_vector: false,
    }));
    const fresh = asking === 'fresh' || asking === 'fresh bypass';
    const bypass = asking === 'bypass' || asking === 'fresh bypass';
    return {
      ask: async (number) => {
        const spec = specs[number];
        if (spec === undefined) throw new Error(`there is no query ${number}`);
        // A threshold that no score is below, and that nobody has asked for before.
        return this.#ask(fresh ? { ...spec, score_threshold: -1e6 - (this.#fresh += 1) } : spec, bypass);
      },
      rowsOf: (answer) => (answer as SearchAnswer).results[0]?.hits.map(({ id }) => Number(id)) ?? [],
    };
  }

  /** Every query of the data set has been answered, and the answers are where they are looked for. */
  async warm(): Promise<void> {
    const { ask } = this.search('cached');
    const endMs = performance.now() + PATIENCE_MS;
    for (const number of this.#dataset.queries.keys()) {
      const isHit = async (): Promise<boolean> => ((await ask(number)) as SearchAnswer).cache?.status === 'hit';
      const timeoutMs = endMs - performance.now();
      // All together: a cache that finds itself of no use keeps an answer now and then, and never says that it will not.
      await until(isHit, { timeoutMs, what: `the answer of query ${number} being kept`, everyMs: 1 });
    }
  }

  async #ask(spec: SearchSpec, bypass: boolean): Promise<SearchAnswer> {
    // Not by a timer: searches that follow on each other in one process leave none of those a turn.
    if (performance.now() - this.#beatAtMs > HEARTBEAT_MS) {
      this.#beat();
      this.#beatAtMs = performance.now();
    }
    const input = { uid: this.#record.uid, consistency: 'eventual' as const, searches: [spec] };
    const context = { correlationId: 'bench', deadline: Date.now() + CALL_MS };
    return this.#bus.call(search, bypass ? { ...input, bypass_cache: true } : input, { context });
  }

  async #connected(): Promise<void> {
    const connected = (): boolean => this.#query.cacheFigures.redis?.connected === true;
    await until(connected, { timeoutMs: PATIENCE_MS, what: 'a connection to Redis' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}
