import type { Kind } from '@vectorizer/contracts';
import { FILTERS } from './data/payload.ts';
import { KINDS, OTHER_KINDS, updatePrefix, WAITS } from './kinds.ts';
import { EFS } from './measure/by-ef.ts';

/** What has to be there for a figure to be measured; `server` is a filled collection of the `system`. */
export type Subject = 'bare' | 'engine' | 'server' | 'system';

/** In the order in which they are measured: what changes the points comes after what searches them. */
export const PHASES = [
  'fill',
  'memory',
  'search',
  'ef',
  'cache',
  'cache_redis',
  'cache_http',
  'exact',
  'filter',
  'restart',
  'sync',
  'while_syncing',
  'under_writes',
  'token_wait',
  'searchable',
  'kinds',
  'update',
  'update_http',
  'accept',
  'stats_cost',
  'health',
  'observability',
  'audit',
] as const;
export type Phase = (typeof PHASES)[number];

type Plan = { readonly phase: Phase; readonly subjects: readonly Subject[] };

const plan = (phase: Phase, ...subjects: readonly Subject[]): Plan => ({ phase, subjects });

/** Every figure of the program, in the order in which they are printed. */
const FIGURES: Readonly<Record<string, Plan>> = {
  'search.bare': plan('search', 'bare'),
  'search.engine': plan('search', 'engine'),
  'search.engine.share_of_bare': plan('search', 'bare', 'engine'),
  ...Object.fromEntries(EFS.map((ef) => [`search.engine.ef${ef}`, plan('ef', 'engine')])),
  ...Object.fromEntries(EFS.map((ef) => [`search.bare.ef${ef}`, plan('ef', 'bare')])),
  'search.http1.qps': plan('search', 'server'),
  'search.http1.p50_ms': plan('search', 'server'),
  'search.http1.p99_ms': plan('search', 'server'),
  'search.http1.overhead_ms': plan('search', 'engine', 'server'),
  'search.http8.qps': plan('search', 'server'),
  'search.http8.p99_ms': plan('search', 'server'),
  'search.http8.share_of_bare': plan('search', 'bare', 'server'),
  'search.http32.qps': plan('search', 'server'),
  'search.http32.p99_ms': plan('search', 'server'),
  'search.http32.share_of_bare': plan('search', 'bare', 'server'),
  'search.under_writes.p99_ms': plan('under_writes', 'server'),
  'search.under_writes.p99_ratio': plan('under_writes', 'server'),
  'search.under_writes.written_per_s': plan('under_writes', 'server'),
  'read.token_wait_p50_ms': plan('token_wait', 'server'),
  ...Object.fromEntries(
    ['uncached_us', 'hit_us', 'speedup', 'miss_us', 'miss_overhead'].map((of) => [
      `cache.service.${of}`,
      plan('cache', 'engine'),
    ]),
  ),
  ...Object.fromEntries(
    ['uncached_us', 'hit_us', 'speedup', 'miss_overhead'].map((of) => [
      `cache.redis.${of}`,
      plan('cache_redis', 'engine'),
    ]),
  ),
  ...Object.fromEntries(
    ['uncached_p50_ms', 'hit_p50_ms', 'speedup'].map((of) => [`cache.http.${of}`, plan('cache_http', 'server')]),
  ),
  'exact.engine': plan('exact', 'engine'),
  ...Object.fromEntries(
    FILTERS.flatMap((name) =>
      ['recall', 'p99_ratio', 'p50_ratio'].map((of) => [`filter.${name}.${of}`, plan('filter', 'engine')]),
    ),
  ),
  'ingest.accepted_per_s': plan('accept', 'system'),
  'ingest.accepted.p99_ms': plan('accept', 'system'),
  'ingest.bare': plan('fill', 'bare'),
  'ingest.engine': plan('fill', 'engine'),
  'ingest.engine.share_of_bare': plan('fill', 'bare', 'engine'),
  'ingest.indexed': plan('fill', 'server'),
  'ingest.indexed.share_of_bare': plan('fill', 'bare', 'server'),
  'ingest.searchable_p50_ms': plan('searchable', 'server'),
  'ingest.searchable_p99_ms': plan('searchable', 'server'),
  'ingest.searchable.written_per_s': plan('searchable', 'server'),
  ...Object.assign({}, ...KINDS.map(updatesOf)),
  ...Object.assign({}, ...OTHER_KINDS.map(comparisonsOf)),
  'snapshot.save_s': plan('restart', 'engine'),
  'restart.ready_s': plan('restart', 'engine'),
  'restart.without_graph.ready_s': plan('sync', 'engine'),
  'sync.full_s': plan('sync', 'engine'),
  'sync.replay_ops_per_s': plan('sync', 'engine'),
  'sync.search_p99_ms': plan('while_syncing', 'server'),
  'sync.search_p99_ratio': plan('while_syncing', 'server'),
  'replication.stats_cost': plan('stats_cost'),
  'replication.stats_cost.of': plan('stats_cost'),
  'health.under_writes.p99_ms': plan('health', 'system'),
  'observability.cost': plan('observability'),
  'observability.search_ms': plan('observability'),
  'audit.cost.batch_100': plan('audit'),
  'audit.writes_per_s.batch_100': plan('audit'),
  'audit.cost.batch_1': plan('audit'),
  'audit.writes_per_s.batch_1': plan('audit'),
  'memory.resident': plan('memory', 'server'),
  'memory.limit': plan('memory', 'server'),
};

function updatesOf(kind: Kind): Record<string, Plan> {
  const prefix = updatePrefix(kind);
  const engine = ['us', 'two_entries_us', 'vs_two_entries', 'cpu_us', 'two_entries_cpu_us', 'cpu_ratio'];
  const names = (of: readonly string[], as: Plan): [string, Plan][] => of.map((name) => [`${prefix}.${name}`, as]);
  return Object.fromEntries([
    ...names(['hnswlib.delete_insert_us', 'engine.speedup'], plan('update', 'bare', 'engine')),
    ...names(
      engine.map((name) => `engine.${name}`),
      plan('update', 'engine'),
    ),
    ...names(['recall'], plan('update', 'engine')),
    ...names(
      WAITS.flatMap((wait) => [`http.${wait}.ms`, `http.${wait}.delete_insert_ms`, `http.${wait}.speedup`]),
      plan('update_http', 'system'),
    ),
  ]);
}

function comparisonsOf(kind: Kind): Record<string, Plan> {
  const names = [
    'search',
    'search.share_of_cpu',
    'search.share_of_exact',
    'recall',
    'memory_ratio',
    'process_memory_ratio',
  ];
  return Object.fromEntries(names.map((name) => [`${kind}.${name}`, plan('kinds', 'engine')]));
}

export function figureNames(): readonly string[] {
  return Object.keys(FIGURES);
}

/** The figures asked for, and what they take. */
export type Selection = {
  readonly names: ReadonlySet<string>;
  readonly phases: ReadonlySet<Phase>;
  readonly subjects: ReadonlySet<Subject>;
};

/** Those whose names begin with one of the prefixes; without prefixes, all. */
export function select(prefixes: readonly string[]): Selection {
  const all = Object.entries(FIGURES);
  const asked = (name: string): boolean => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix));
  const unknown = prefixes.find((prefix) => !all.some(([name]) => name.startsWith(prefix)));
  if (unknown !== undefined) {
    throw new Error(`no figure begins with "${unknown}"; there are ${Object.keys(FIGURES).join(', ')}`);
  }
  const chosen = all.filter(([name]) => asked(name));
  return {
    names: new Set(chosen.map(([name]) => name)),
    phases: new Set(chosen.map(([, { phase }]) => phase)),
    subjects: new Set(chosen.flatMap(([, { subjects }]) => subjects)),
  };
}

/** In the order of the table. */
export function inOrder<Named extends { readonly name: string }>(results: readonly Named[]): Named[] {
  const order = Object.keys(FIGURES);
  return results.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}
