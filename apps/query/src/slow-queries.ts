import { hostname } from 'node:os';
import type { Catalog } from '@vectorizer/cluster';
import {
  inOrder,
  limits,
  type CollectionUid,
  type ReadStages,
  type SlowQueriesQuery,
  type SlowQuery,
} from '@vectorizer/contracts';
import { counter } from '@vectorizer/telemetry';
import { parametersOf } from './parameters-of.ts';

/** To the microsecond: no clock here tells more. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

export type SlowQueriesOptions = {
  readonly catalog: Catalog;
  /** A read that took this long, or longer, is remembered. */
  readonly thresholdMs: number;
  /** Where this process answers HTTP, by which it is told from others. */
  readonly port: number;
};

/** A read that has ended. */
export type EndedRead = {
  readonly procedure: SlowQuery['procedure'];
  readonly input: { readonly uid: CollectionUid };
  readonly correlationId: string;
  readonly tookMs: number;
  readonly stages: ReadStages;
  readonly failure?: string | undefined;
};

const slow = counter({
  name: 'vectorizer_slow_queries_total',
  help: 'Reads that took as long as the threshold for slow ones, or longer',
});

/** The newest reads of this process that took long; the oldest is forgotten for each one beyond the bound. */
export class SlowQueries {
  readonly thresholdMs: number;
  readonly #catalog: Catalog;
  readonly #process: string;
  readonly #ring: SlowQuery[] = [];
  #next = 0;

  constructor({ catalog, thresholdMs, port }: SlowQueriesOptions) {
    this.thresholdMs = thresholdMs;
    this.#catalog = catalog;
    this.#process = `${hostname()}:${port}`;
  }

  record({ procedure, input, correlationId, tookMs, stages, failure }: EndedRead): void {
    if (tookMs < this.thresholdMs) return;
    slow.inc();
    this.#ring[this.#next] = {
      at: new Date().toISOString(),
      process: this.#process,
      correlation_id: correlationId,
      procedure,
      collection: this.#catalog.findByUid(input.uid)?.name ?? input.uid,
      took_ms: rounded(tookMs),
      stages: Object.fromEntries(Object.entries(stages).map(([stage, ms]) => [stage, rounded(ms)])),
      parameters: parametersOf(input),
      ...(failure !== undefined && { failure }),
    };
    this.#next = (this.#next + 1) % limits.slowQueriesMax;
  }

  find(asked: SlowQueriesQuery): readonly SlowQuery[] {
    const { collection, min_ms: minMs = 0 } = asked;
    const found = this.#ring.filter(
      (query) => query.took_ms >= minMs && (collection === undefined || query.collection === collection),
    );
    return inOrder(found, asked);
  }
}
