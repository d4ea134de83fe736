import type { CollectionState, VectorizerClient } from '@vectorizer/client';
import { until } from '@vectorizer/testing';
import { PATIENCE_MS } from '../setting.ts';

/** Waits until the collection has that many points and every replica has all of them in its graph. */
export async function settled(client: VectorizerClient, collection: string, points: number): Promise<void> {
  const done = async (): Promise<boolean> => holdsInGraph(await client.getCollection(collection), points);
  await until(done, { timeoutMs: PATIENCE_MS, what: 'an empty buffer' });
}

function holdsInGraph({ points, shards }: CollectionState, wanted: number): boolean {
  return points >= wanted && shards.every(({ replicas }) => replicas.every(({ buffered }) => buffered === 0));
}
