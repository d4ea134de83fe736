import { createHash } from 'node:crypto';
import type { CollectionConfig, CollectionUid, NodeId } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';

/**
 * Which nodes hold the replicas of each shard, by rendezvous hashing: every (shard, node) pair has a fixed random
 * weight and the heaviest nodes win, so that shards spread evenly and a new node takes over only its share.
 */
export function placeShards(
  uid: CollectionUid,
  config: Pick<CollectionConfig, 'shards' | 'replication_factor'>,
  nodes: readonly NodeId[],
): NodeId[][] {
  if (nodes.length === 0) throw new Failure('index_unavailable', 'no index node is there');
  if (nodes.length < config.replication_factor) {
    const message = `replication_factor: expected at most ${nodes.length}, the number of index nodes`;
    throw new Failure('validation_error', message, { details: { field: 'replication_factor', nodes: nodes.length } });
  }
  return Array.from({ length: config.shards }, (_, shard) =>
    nodes
      .map((node) => ({ node, weight: weightOf(`${uid}/${shard}/${node}`) }))
      .toSorted((a, b) => Buffer.compare(b.weight, a.weight))
      .slice(0, config.replication_factor)
      .map(({ node }) => node),
  );
}

function weightOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
