import {
  encodeEntry,
  encodeRequest,
  type Filter,
  type Kind,
  type Operation,
  type SearchSpec,
  type ShardSearchAnswer,
} from '@vectorizer/contracts';
import { Shard, type ShardSearchResult } from '@vectorizer/engine';
import { until } from '@vectorizer/testing';
import type { Dataset } from '../data/dataset.ts';
import { payloadOf } from '../data/payload.ts';
import type { Filled, Span } from '../measure/fill.ts';
import type { Search } from '../measure/search-loop.ts';
import { BATCH, EF, HNSW, K, PATIENCE_MS } from '../setting.ts';

export type EngineOptions = {
  readonly directory: string;
  readonly dataset: Dataset;
  readonly kind: Kind;
  /** Added to every search by a busy wait, to prove that a slow engine is found out. */
  readonly searchDelayMs: number;
};
export type SearchWay = { readonly ef?: number; readonly exact?: true; readonly filter?: Filter };

/** One shard of the engine in this process, as an index node runs it but for the log. Ids are row numbers. */
export class Engine implements Filled {
  readonly name = 'engine';
  readonly #options: EngineOptions;
  #shard: Shard;

  private constructor(shard: Shard, options: EngineOptions) {
    this.#shard = shard;
    this.#options = options;
  }

  static async open(options: EngineOptions): Promise<Engine> {
    return new Engine(await openShard(options, true), options);
  }

  get kind(): Kind {
    return this.#options.kind;
  }

  /** Applies entries of a batch each; answers the milliseconds until all of it is in the graph. */
  async fill(span: Span): Promise<number> {
    const first = this.#shard.sequence + 1;
    const entries = this.#entries(span, first);
    const start = performance.now();
    for (const [i, bytes] of entries.entries()) await this.#shard.apply({ sequence: first + i, bytes, at: Date.now() });
    await this.indexed();
    return performance.now() - start;
  }

  /** Applies one entry of one request; answers the milliseconds of that alone, and fails if an operation was refused. */
  async apply(ops: readonly Operation[]): Promise<number> {
    const sequence = this.#shard.sequence + 1;
    const bytes = entryOf(ops, sequence);
    const start = performance.now();
    const [answer] = await this.#shard.apply({ sequence, bytes, at: 0 });
    const milliseconds = performance.now() - start;
    const refused = answer?.outcomes.find(({ status }) => !CHANGED.has(status));
    if (refused !== undefined) throw new Error(`an operation came to ${refused.status}`);
    return milliseconds;
  }

  /** Elements of the index that stand for no point any more. */
  get dead(): number {
    return this.#shard.report().dead;
  }

  /** What the vectors take in memory; not a number where the kind does not say. */
  get indexBytes(): number {
    return this.#shard.report().bytes ?? NaN;
  }

  /** Nothing waits in the buffer. */
  async indexed(): Promise<void> {
    await until(() => this.#shard.report().buffered === 0, { timeoutMs: PATIENCE_MS, what: 'an empty buffer' });
  }

  /** Nor to be written: all that the changes cost has been spent. */
  async drained(): Promise<void> {
    const durable = (): boolean => {
      const { buffered, applied_sequence: applied, durable_sequence: onDisk } = this.#shard.report();
      return buffered === 0 && applied === onDisk;
    };
    await until(durable, { timeoutMs: PATIENCE_MS, what: 'the background having nothing to do' });
  }

  /** Declares indexes of whole numbers at these keys, and no others, and waits until filters make use of them. */
  async indexPayloads(keys: readonly string[]): Promise<void> {
    this.#shard.declarePayloadIndexes(keys.map((key) => ({ key, type: 'integer' })));
    const ready = (): boolean => (this.#shard.report().payload_indexes ?? []).every(({ state }) => state === 'ready');
    await until(ready, { timeoutMs: PATIENCE_MS, what: 'the payload indexes' });
  }

  search({ ef = EF, ...way }: SearchWay = {}): Search {
    const { dataset, searchDelayMs } = this.#options;
    const specs = dataset.queries.map((vector) => ({
      vector,
      k: K,
      ef,
      with_payload: false,
      with_vector: false,
      ...way,
    }));
    return {
      ask: (query) => {
        const spec = specs[query];
        if (searchDelayMs > 0) spin(searchDelayMs);
        return spec === undefined ? undefined : this.#shard.search(spec);
      },
      rowsOf: (answer) => (answer as ShardSearchResult).hits.map((hit) => Number(hit.id)),
    };
  }

  /** Searches of one call, as an index node answers them. */
  async answer(searches: readonly SearchSpec[]): Promise<ShardSearchAnswer> {
    const found = await Promise.all(searches.map(async (spec) => this.#shard.search(spec)));
    return { sequence: this.#shard.position.sequence, results: found };
  }

  /** What an index node says of the shard. */
  get report(): ReturnType<Shard['report']> {
    return this.#shard.report();
  }

  /** A copy of all, as an index node shares it. */
  async writeSnapshot(directory: string): ReturnType<Shard['writeSnapshot']> {
    return this.#shard.writeSnapshot(directory);
  }

  async saveGraph(): Promise<void> {
    await this.#shard.saveGraph();
  }

  /**
   * Closes the shard, lets `meanwhile` have its directory, and opens it again; answers the seconds until it has answered
   * a search. Without its background, nothing is done but what is waited for.
   */
  async reopen({ meanwhile, background = true }: Reopening = {}): Promise<number> {
    await this.#shard.close();
    await meanwhile?.();
    const start = performance.now();
    this.#shard = await openShard(this.#options, background);
    await this.search().ask(0);
    return (performance.now() - start) / 1_000;
  }

  get directory(): string {
    return this.#options.directory;
  }

  async close(): Promise<void> {
    await this.#shard.close();
  }

  #entries({ start, end }: Span, first: number): Uint8Array[] {
    const entries: Uint8Array[] = [];
    for (let row = start; row < end; row += BATCH) {
      const ops = this.#options.dataset.rows.slice(row, Math.min(end, row + BATCH)).map((vector, i) => ({
        kind: 'upsert' as const,
        id: String(row + i),
        vector,
        payload: JSON.stringify(payloadOf(row + i)),
      }));
      entries.push(entryOf(ops, first + entries.length));
    }
    return entries;
  }
}

const CHANGED: ReadonlySet<string> = new Set(['created', 'updated', 'deleted']);

type Reopening = { readonly meanwhile?: () => Promise<void>; readonly background?: boolean };

/** As an index node opens it. */
async function openShard({ directory, dataset, kind }: EngineOptions, background: boolean): Promise<Shard> {
  const shard = await Shard.open(shardOptions({ directory, dimension: dataset.dimension, kind }));
  if (background) shard.startBackground();
  return shard;
}

type ShardShape = { readonly directory: string; readonly dimension: number; readonly kind: Kind };

export function shardOptions(shape: ShardShape): Parameters<typeof Shard.open>[0] {
  return { ...shape, metric: 'dot', hnsw: HNSW };
}

function entryOf(ops: readonly Operation[], sequence: number): Uint8Array {
  const { request } = encodeRequest({ id: `bench-${sequence}`, ops: [...ops] });
  return encodeEntry({ at: 0, requests: [request] });
}

function spin(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
