import { setTimeout as sleep } from 'node:timers/promises';
import { VectorizerClient, type CollectionState } from '@vectorizer/client';
import { credentialsFor } from '../system/keys.ts';
import type { ReplicaEnd } from './evidence.ts';
import type { ShardLog } from './logged.ts';

/** Elections, replays and rebuilt replicas included. */
const QUIET_MS_MAX = 90_000;
const POLL_MS = 200;

/** What the replicas say once each has applied its log, or after the longest time that this may take. */
export async function replicasAtRest(
  url: string,
  collection: string,
  logs: readonly ShardLog[],
): Promise<ReplicaEnd[]> {
  await using client = new VectorizerClient({ url, ...credentialsFor(url) });
  const deadline = performance.now() + QUIET_MS_MAX;
  for (;;) {
    const state = await client.getCollection(collection);
    // Whoever is not at rest by then is for the checker to name.
    if (isAtRest(state, logs) || performance.now() > deadline) return endsOf(state);
    await sleep(POLL_MS);
  }
}

function isAtRest({ shards }: CollectionState, logs: readonly ShardLog[]): boolean {
  return shards.every(({ shard, replicas }) =>
    replicas.every(
      ({ phase, applied_sequence: applied }) =>
        phase === 'following' && applied === (logs[shard]?.at(-1)?.sequence ?? 0),
    ),
  );
}

function endsOf({ shards }: CollectionState): ReplicaEnd[] {
  return shards.flatMap(({ shard, replicas }) =>
    replicas.map(({ node, applied_sequence = 0, points = 0, state_hash = '', chain = '' }) => ({
      node,
      shard,
      applied_sequence,
      points,
      state_hash,
      chain,
    })),
  );
}
