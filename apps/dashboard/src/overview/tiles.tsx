import type { DashboardSample } from '@vectorizer/contracts';
import type { ReactElement } from 'react';
import { formatCount, formatEntries, formatMs, formatNumber, formatShare } from '../ui/format.ts';

type Tile = { readonly name: string; readonly value: string; readonly detail: string; readonly isBad?: boolean };

/** The state of the cluster in six numbers. */
export function Tiles({ sample }: { readonly sample: DashboardSample }): ReactElement {
  return (
    <dl className="tiles" aria-label="Now">
      {tilesOf(sample).map(({ name, value, detail, isBad = false }) => (
        <div key={name} className={isBad ? 'tile is-bad' : 'tile'}>
          <dt>{name}</dt>
          <dd className="value">{value}</dd>
          <dd className="detail">{detail}</dd>
        </div>
      ))}
    </dl>
  );
}

function tilesOf({ rates, caches, latency_ms: { search }, replication, collections }: DashboardSample): Tile[] {
  const { lookups, hits } = lookupsOf(caches);
  const points = collections.reduce((sum, collection) => sum + collection.points, 0);
  const replicas = (replication?.replicas.length ?? 0) + (replication?.replicas_left_out ?? 0);
  const connected = replication?.stats.connected_replicas ?? 0;
  return [
    {
      name: 'Searches',
      value: `${formatNumber(rates.searches)} /s`,
      detail: rates.failures > 0 ? `${formatNumber(rates.failures)} failures /s` : 'none fails',
      isBad: rates.failures > 0,
    },
    {
      name: 'Search latency, p99',
      value: search === null ? '–' : formatMs(search.p99),
      detail: search === null ? 'no search in 10 s' : `p50 ${formatMs(search.p50)}`,
    },
    {
      name: 'Writes',
      value: `${formatNumber(rates.writes)} /s`,
      detail: `${formatNumber(rates.operations_applied)} operations applied /s`,
    },
    {
      name: 'Cache hits',
      value: lookups === 0 ? '–' : formatShare(Math.min(1, hits / lookups)),
      detail: lookups === 0 ? 'nothing looked up' : `of ${formatNumber(lookups)} /s`,
    },
    {
      name: 'Replicas connected',
      value: replication === null ? '–' : `${formatCount(connected)} of ${formatCount(replicas)}`,
      detail: `${formatCount(points)} points`,
      isBad: replication !== null && connected < replicas,
    },
    {
      name: 'Largest lag',
      value: replication === null ? '–' : formatMs(replication.stats.lag_ms),
      detail: replication === null ? 'no monitor answers' : formatEntries(replication.stats.lag_operations),
      isBad: (replication?.stats.lag_ms ?? 0) > 1_000,
    },
  ];
}

/** What memory lacks is looked for in Redis: of one lookup there is a hit in one of them at most. */
function lookupsOf(caches: DashboardSample['caches']): { readonly lookups: number; readonly hits: number } {
  const memory = caches.find(({ tier }) => tier === 'memory')?.rates;
  const hits = caches.reduce((sum, { rates }) => sum + rates.hits, 0);
  return { lookups: memory === undefined ? 0 : memory.hits + memory.misses, hits };
}
