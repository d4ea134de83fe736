import type { Catalog } from '@vectorizer/cluster';
import { limits, type CollectionRecord, type SearchResult } from '@vectorizer/contracts';
import type { Answered } from '@vectorizer/frame';
import { counter, series } from '@vectorizer/telemetry';
import { parameter } from './requests.ts';

const kinds = {
  search: {
    requests: counter({
      name: 'vectorizer_search_requests_total',
      help: 'Search requests, also refused ones',
      labelNames: ['collection', 'status'] as const,
    }),
    latency: series({
      name: 'vectorizer_search_latency_seconds',
      help: 'Time to answer a search request, also to refuse it',
      labelNames: ['collection'],
    }),
  },
  insert: {
    requests: counter({
      name: 'vectorizer_insert_requests_total',
      help: 'Requests that write batches of points, also refused ones',
      labelNames: ['collection', 'status'] as const,
    }),
    latency: series({
      name: 'vectorizer_insert_latency_seconds',
      help: 'Time to answer a request that writes a batch of points, also to refuse it',
      labelNames: ['collection'],
    }),
  },
} as const;

const resultCounts = series({
  name: 'vectorizer_search_results_count',
  help: 'Hits of each search that was answered',
  labelNames: ['collection'],
  buckets: [0, 1, 5, 10, 25, 50, 100, 250, 500, 1_000],
});
const aliasOperations = counter({
  name: 'vectorizer_alias_operations_total',
  help: 'Requests that put or delete an alias, also refused ones',
  labelNames: ['operation', 'status'] as const,
});

const COLLECTION = '/api/v1/collections/:collection';
const QDRANT = '/qdrant/collections/:collection/points';
const SEARCH_MANY = 'POST /api/v1/search';
/** What each request of a route counts as, by its collection. */
export const KIND_OF_ROUTE: ReadonlyMap<string, keyof typeof kinds> = new Map([
  [`POST ${COLLECTION}/search`, 'search'],
  [`POST ${COLLECTION}/search/batch`, 'search'],
  [`POST ${COLLECTION}/search/recommend`, 'search'],
  [SEARCH_MANY, 'search'],
  [`PUT ${COLLECTION}/vectors`, 'insert'],
  [`POST ${COLLECTION}/vectors`, 'insert'],
  [`POST ${COLLECTION}/vectors/batch`, 'insert'],
  ...['search', 'recommend', 'query'].flatMap((path) =>
    ['', '/batch', '/groups'].map((more) => [`POST ${QDRANT}/${path}${more}`, 'search'] as const),
  ),
  [`PUT ${QDRANT}`, 'insert'],
  [`POST ${QDRANT}/batch`, 'insert'],
] as const);
const ALIAS_OPERATIONS: ReadonlyMap<string, string> = new Map([
  ['PUT /api/v1/aliases/:alias', 'put'],
  ['DELETE /api/v1/aliases/:alias', 'delete'],
]);

/**
 * What the gateway counts of its requests: each once, whether it was answered, refused before any code of ours saw it, or
 * given up by its client; a search of several collections in each of them. Only collections that exist become labels, and a dropped one keeps no series.
 */
export class RequestMetrics {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    catalog.onChange(({ kind, record }) => {
      if (kind === 'dropped') forget(record.name);
    });
  }

  observe({ request, status, seconds }: Answered): void {
    const route = `${request.method} ${request.routeOptions.url ?? ''}`;
    const outcome = status < 400 ? 'success' : 'error';
    const kind = KIND_OF_ROUTE.get(route);
    if (kind !== undefined) {
      const names = route === SEARCH_MANY ? namesIn(request.body) : [String(parameter(request, 'collection'))];
      const labels = new Set(names.map((name) => this.#catalog.known(name)?.name ?? 'unknown'));
      for (const collection of labels) {
        kinds[kind].requests.inc({ collection, status: outcome });
        kinds[kind].latency.of(collection).observe(seconds);
      }
      return;
    }
    const operation = ALIAS_OPERATIONS.get(route);
    if (operation !== undefined) aliasOperations.inc({ operation, status: outcome });
  }

  /** What a search of a collection found; one that was dropped meanwhile gets no series. */
  found({ uid, name }: CollectionRecord, results: readonly Pick<SearchResult, 'hits'>[]): void {
    if (this.#catalog.findByUid(uid) === undefined) return;
    const counts = resultCounts.of(name);
    for (const { hits } of results) counts.observe(hits.length);
  }
}

/** Of the collections that a search is about, as it was sent; one name that nothing has when that cannot be told. */
function namesIn(body: unknown): readonly string[] {
  const { collections }: { collections?: unknown } = typeof body === 'object' && body !== null ? body : {};
  const names = Array.isArray(collections) ? collections.slice(0, limits.searchCollectionsMax).map(String) : [];
  return names.length === 0 ? [''] : names;
}

function forget(collection: string): void {
  for (const { requests, latency } of Object.values(kinds)) {
    requests.remove({ collection, status: 'success' });
    requests.remove({ collection, status: 'error' });
    latency.remove(collection);
  }
  resultCounts.remove(collection);
}
