import type { ReplicaReport } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { HealthCheck } from '@vectorizer/frame';
import type { IndexNode } from './index-node.ts';

/** Fails when a replica has stopped for good; tells how many there are of each phase. */
export function indexHealth(node: Pick<IndexNode, 'node' | 'replicas'>): HealthCheck {
  return {
    name: 'index',
    // The other replicas of the node serve on, so it stays in the traffic.
    needed: false,
    check: () => {
      const reports = node.replicas();
      const count = (phase: ReplicaReport['phase']): number => reports.filter((each) => each.phase === phase).length;
      const [syncing, following] = [count('syncing'), count('following')];
      const [diverged, failed] = [count('diverged'), count('failed')];
      if (diverged + failed > 0) {
        const counts = `${failed} failed, ${diverged} diverged, ${syncing} syncing, ${following} following`;
        throw new Failure('index_unavailable', `replicas: ${counts}`);
      }
      return { node: node.node, replicas: { syncing, following, diverged, failed } };
    },
  };
}
