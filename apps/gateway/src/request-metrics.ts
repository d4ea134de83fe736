import { counter, histogram } from '@vectorizer/telemetry';

const kinds = {
  search: {
    requests: counter({
      name: 'vectorizer_search_requests_total',
      help: 'Search requests, also refused ones',
      labelNames: ['collection', 'status'] as const,
    }),
    latency: histogram({
      name: 'vectorizer_search_latency_seconds',
      help: 'Time to answer a search request',
      labelNames: ['collection'] as const,
    }),
  },
  insert: {
    requests: counter({
      name: 'vectorizer_insert_requests_total',
      help: 'Upsert and insert requests, also refused ones',
      labelNames: ['collection', 'status'] as const,
    }),
    latency: histogram({
      name: 'vectorizer_insert_latency_seconds',
      help: 'Time to answer an upsert or insert request',
      labelNames: ['collection'] as const,
    }),
  },
} as const;

/** What a request tells about itself while it is answered. Only collections that exist become labels. */
export type Measured = { collection: string };

/** Counts the request once and its time once, whatever comes of it. */
export async function measured(kind: keyof typeof kinds, answer: (measured: Measured) => Promise<void>): Promise<void> {
  const start = performance.now();
  const about: Measured = { collection: 'unknown' };
  let status = 'error';
  try {
    await answer(about);
    status = 'success';
  } finally {
    const { requests, latency } = kinds[kind];
    requests.inc({ collection: about.collection, status });
    latency.observe({ collection: about.collection }, (performance.now() - start) / 1_000);
  }
}

/** A dropped collection keeps no series. */
export function forgetMeasured(collection: string): void {
  for (const { requests, latency } of Object.values(kinds)) {
    requests.remove({ collection, status: 'success' });
    requests.remove({ collection, status: 'error' });
    latency.remove({ collection });
  }
}
