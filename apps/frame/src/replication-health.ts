import { isConnected, type ReplicaView, type ReplicationStatus } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { HealthCheck } from './health.ts';

/** Replicas named in one answer. */
const NAMED_MAX = 20;

/** Part of `/health`: fails while any replica that should exist is silent, stopped or diverged, and names it. */
export function replicationHealth(status: () => Promise<ReplicationStatus> | ReplicationStatus): HealthCheck {
  return {
    name: 'replication',
    needed: false,
    async check() {
      const { replicas } = await status();
      const unwell = replicas.filter((replica) => !isConnected(replica));
      if (unwell.length === 0) return { replicas: replicas.length };
      throw new Failure('index_unavailable', `${unwell.length} of ${replicas.length} replicas: ${namesOf(unwell)}`);
    },
  };
}

function namesOf(replicas: readonly ReplicaView[]): string {
  const named = replicas.slice(0, NAMED_MAX).map(({ id, status }) => `${id} ${status}`);
  const more = replicas.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
