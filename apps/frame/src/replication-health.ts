import { isConnected, isRoutable, type ReplicaView, type ReplicationStatus } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { HealthCheck } from './health.ts';

/** Nodes named in one answer. */
const NAMED_MAX = 20;

/**
 * Part of `/health`: fails when of some shard no replica answers reads, so that a part of the points can be neither read nor
 * written to the end; one that was just placed, and was not heard of yet, has no part in that. While another replica does their work, those that are silent, stopped or diverged are only named.
 */
export function replicationHealth(status: () => Promise<ReplicationStatus> | ReplicationStatus): HealthCheck {
  return {
    name: 'replication',
    needed: false,
    async check() {
      const { replicas } = await status();
      const unwell = replicas.filter((replica) => !isConnected(replica));
      const shards = Map.groupBy(replicas, ({ collection, shard }) => `${collection}/${shard}`);
      const lost = [...shards.values()].filter((shard) => !shard.some(mayAnswer)).flat();
      if (lost.length > 0) throw new Failure('index_unavailable', `no replica can be read: ${placesOf(lost)}`);
      return { replicas: replicas.length, ...(unwell.length > 0 && { unwell: placesOf(unwell) }) };
    },
  };
}

function mayAnswer(replica: ReplicaView): boolean {
  return isRoutable(replica) || (replica.status === 'Syncing' && replica.last_heartbeat === null);
}

/** By node: whoever has no key may ask, and is told nothing of collections. */
function placesOf(replicas: readonly ReplicaView[]): string {
  const places = Map.groupBy(replicas, ({ node, status }) => `${status} on ${node}`);
  const named = [...places].slice(0, NAMED_MAX).map(([place, { length }]) => `${length} ${place}`);
  const more = places.size - named.length;
  return [...named, ...(more > 0 ? [`${more} more nodes`] : [])].join(', ');
}
