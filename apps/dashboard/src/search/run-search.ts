import { call } from '../api/call.ts';
import type { Query } from './query.ts';
import { stagesOf, type Stage } from './stages.ts';

export type Hit = { readonly id: string; readonly score: number; readonly version: number; readonly payload?: unknown };
type SearchAnswer = { readonly hits: readonly Hit[]; readonly warnings?: readonly { readonly message: string }[] };

export type Found = {
  readonly hits: readonly Hit[];
  readonly warnings: readonly string[];
  readonly stages: readonly Stage[];
  /** Of the search alone, as this browser sees it. */
  readonly ms: number;
  readonly cache: string | null;
  readonly correlationId: string | null;
};

export async function runSearch({ collection, like, settings }: Query, signal: AbortSignal): Promise<Found> {
  const path = `/api/v1/collections/${encodeURIComponent(collection)}`;
  const vector =
    'vector' in like ? like.vector : await vectorOf(`${path}/vectors/${encodeURIComponent(like.id)}`, signal);
  const { body, headers, ms } = await call<SearchAnswer>(`${path}/search`, {
    method: 'POST',
    body: { vector, ...settings },
    signal,
  });
  return {
    hits: body.hits,
    warnings: (body.warnings ?? []).map(({ message }) => message),
    stages: stagesOf(headers.get('server-timing'), ms),
    ms,
    cache: headers.get('x-cache'),
    correlationId: headers.get('x-correlation-id'),
  };
}

/** The id of some point, to begin with; undefined where there is none. */
export async function anyPoint(collection: string): Promise<string | undefined> {
  const path = `/api/v1/collections/${encodeURIComponent(collection)}/vectors/scroll`;
  const { body } = await call<{ readonly points: readonly { readonly id: string }[] }>(path, {
    method: 'POST',
    body: { limit: 1, with_payload: false },
  });
  return body.points[0]?.id;
}

async function vectorOf(path: string, signal: AbortSignal): Promise<readonly number[]> {
  const { body } = await call<{ readonly vector: readonly number[] }>(`${path}?with_payload=false`, { signal });
  return body.vector;
}
