import type { Counter } from 'prom-client';
import { counter, searchStage, series, type Observer } from '@vectorizer/telemetry';

export type Read = 'search' | 'read' | 'scroll' | 'count';

/** What this service counts; several instances in one process share the series. */
export type QueryMetrics = {
  readonly seconds: Readonly<Record<Read, Observer>>;
  readonly failures: Counter<'procedure' | 'type'>;
  readonly retries: Counter;
  readonly hedges: Counter;
  /** The stages of a search that this service knows of itself; the others are the index nodes' to tell. */
  readonly stages: Readonly<Record<'plan' | 'shards' | 'merge', Observer>>;
};

export function queryMetrics(): QueryMetrics {
  return {
    seconds: {
      search: secondsOf('search'),
      read: secondsOf('read'),
      scroll: secondsOf('scroll'),
      count: secondsOf('count'),
    },
    failures: counter({
      name: 'vectorizer_query_failures_total',
      help: 'Reads that failed, by the type of the failure',
      labelNames: ['procedure', 'type'],
    }),
    retries: counter({
      name: 'vectorizer_query_retries_total',
      help: 'Replicas asked because another one failed, or again because none could be reached',
    }),
    hedges: counter({
      name: 'vectorizer_query_hedges_total',
      help: 'Replicas asked because another one was slow',
    }),
    stages: { plan: searchStage('plan'), shards: searchStage('shards'), merge: searchStage('merge') },
  };
}

function secondsOf(read: Read): Observer {
  const name = 'vectorizer_query_seconds';
  const help = 'From the arrival of a read to its answer or failure, at the query service';
  return series({ name, help, labelNames: ['procedure'] }).of(read);
}
